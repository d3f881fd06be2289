/* fake_transfer.h - kh_transfer_run() without network and worker: what a test needs of it. Included
 * by the one file of a test program, whose definition then wins over the library's.
 *
 * Only file:// URLs; the whole file is read; `tar` unpacks it with its top directory taken off.
 */
#ifndef TESTS_FAKE_TRANSFER_H
#define TESTS_FAKE_TRANSFER_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "sources/transfer.h"

static struct kh_strv fake_urls; /* that were asked for, in order */
static int fake_count;           /* transfers that got something */

static int fake_fetch(const struct kh_transfer *transfer, const char *path, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	char digest[KH_DIGEST_SIZE];
	if (kh_root_open("/", &root, err) != 0 ||
	    kh_root_read(&root, path, &bytes, &length, err) != 0)
		return 1;
	kh_digest_bytes(bytes, length, digest);
	if (strcmp(digest, transfer->sha256) != 0)
		return kh_fail(err, KH_VERIFY, 0, "'%s': wanted %s, got %s", transfer->name,
			       transfer->sha256, digest);
	kh_auto(kh_fclose) FILE *kept = fopen(transfer->keep, "we");
	if (!kept || fwrite(bytes, 1, length, kept) != length)
		return kh_fail(err, KH_SYSTEM, 0, "write '%s'", transfer->keep);
	fake_count++;
	if (!transfer->tree)
		return 0;
	const char *const make[] = {"mkdir", transfer->tree, NULL};
	const char *const unpack[] = {"tar", "-xf",          path, "--strip-components=1",
				      "-C",  transfer->tree, NULL};
	kh_auto(kh_free) char *owner = kh_printf("%u:%u", transfer->uid, transfer->gid);
	const char *const give[] = {"chown", "-R", owner, transfer->tree, NULL};
	if (kh_run(&kh_run_system, make, 10, NULL, err) != 0 ||
	    kh_run(&kh_run_system, unpack, 10, NULL, err) != 0)
		return -1;
	return transfer->uid != 0 ? kh_run(&kh_run_system, give, 10, NULL, err) : 0;
}

int kh_transfer_run(const struct kh_making *making, const struct kh_transfer *transfer,
		    struct kh_transfer_result *ret_result, struct kh_error *err)
{
	(void)making;
	for (size_t i = 0; i < transfer->urls->count; i++) {
		const char *url = transfer->urls->items[i];
		kh_strv_add(&fake_urls, url);
		kh_auto(kh_free) char *path =
			kh_strdup(kh_str_starts(url, "file://") ? url + 7 : "");
		char *plus = strstr(path, "%2b");
		if (plus) {
			*plus = '+';
			memmove(plus + 1, plus + 3, strlen(plus + 3) + 1);
		}
		struct stat status;
		if (!*path || stat(path, &status) != 0)
			continue;
		if (fake_fetch(transfer, path, err) != 0)
			return -1;
		ret_result->size_bytes = status.st_size;
		ret_result->url = kh_strdup(url);
		if (transfer->keyring)
			ret_result->signer = kh_strdup("A Maker <maker@example.org>");
		return 0;
	}
	kh_fail(err, KH_HOST, 0, "'%s' is nowhere to be had", transfer->name);
	return 1;
}

void kh_transfer_result_done(struct kh_transfer_result *result)
{
	kh_free(&result->signer);
	kh_free(&result->url);
}

#endif
