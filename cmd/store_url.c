/* store_url.c - artifacts over HTTP: what `store export` wrote, from a plain directory of a server.
 *
 * An artifact can tell that it is whole, not who made it, and it becomes this host's kernel: so a
 * URL comes with the digest that `store export` printed, "http://build1/qemu.tar#sha256=...".
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cmd/store_url.h"
#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/store_transfer.h"
#include "sources/area.h"
#include "sources/transfer.h"

static const char mark[] = "#sha256=";

bool kh_store_is_url(const char *word)
{
	return kh_str_starts(word, "http://") || kh_str_starts(word, "https://") ||
	       kh_str_starts(word, "file://");
}

static int check_url(const char *word, const char *digest, struct kh_error *err)
{
	static const char hexadecimal[] = "0123456789abcdef";
	if (digest && strlen(digest) == KH_DIGEST_SIZE - 1 &&
	    strspn(digest, hexadecimal) == KH_DIGEST_SIZE - 1)
		return 0;
	kh_fail(err, KH_USAGE, 0, "import '%s': without its digest nobody can tell what comes",
		word);
	return kh_hint(err,
		       "'%.200s#sha256=DIGEST', as 'kvmhost store export' printed it on the host "
		       "that built it",
		       word);
}

int kh_store_import_url(const struct kh_options *options, struct kh_session *session,
			const char *word, struct kh_strv *ret_imported, struct kh_strv *ret_present,
			struct kh_error *err)
{
	const char *at = strstr(word, mark);
	const char *digest = at ? at + sizeof(mark) - 1 : NULL;
	struct kh_area area = {0};
	if (check_url(word, digest, err) != 0 ||
	    kh_area_open(&session->root, &session->config, &area, err) != 0)
		return -1;
	kh_auto(kh_strv_done) struct kh_strv urls = {0};
	kh_auto(kh_free) char *url = kh_strndup(word, (size_t)(at - word));
	kh_auto(kh_free) char *name = kh_printf("artifacts-%.12s.tar", digest);
	kh_auto(kh_free) char *path = kh_printf("%s/archives/%s", area.store, name);
	kh_auto(kh_free) char *host_path = kh_area_host_path(&session->root, path);
	kh_strv_add(&urls, url);
	struct kh_sink sink = kh_sink_lines(options);
	struct kh_making making = {.root = &session->root,
				   .config = &session->config,
				   .facts = &session->facts,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .stage = "store"};
	struct kh_transfer transfer = {.name = name,
				       .urls = &urls,
				       .size_bytes = -1,
				       .sha256 = digest,
				       .keep = host_path,
				       .uid = area.account.is_own ? 0 : area.account.uid,
				       .gid = area.account.is_own ? 0 : area.account.gid};
	int outcome = kh_transfer_run(&making, &transfer, NULL, err);
	kh_sink_end(&sink);
	if (outcome != 0)
		return -1;
	outcome = kh_store_import(&session->root, &session->config, host_path, ret_imported,
				  ret_present, err);
	unlink(host_path); /* the artifact is in the store */
	return outcome;
}

char *kh_store_digest(const char *host_path)
{
	char hex[KH_DIGEST_SIZE];
	kh_auto(kh_close) int fd = open(host_path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && kh_digest_fd(fd, hex) == 0 ? kh_strdup(hex) : NULL;
}
