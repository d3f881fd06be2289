/* detached.c - see detached.h. */
#include "fetch/detached.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/translate.h"
#include "fetch/get.h"
#include "fetch/signature.h"

struct receiver {
	struct kh_str text;
	bool is_too_long;
};

static long long count(void *data)
{
	(void)data;
	return 0; /* never continued */
}

static const char *if_range(void *data, const char *url)
{
	(void)data;
	(void)url;
	return NULL;
}

static bool begin(void *data, const char *url, const struct kh_http_head *head)
{
	struct receiver *receiver = data;
	(void)url;
	kh_str_done(&receiver->text);
	receiver->is_too_long = head->total > KH_SIGNATURE_BYTES;
	return !receiver->is_too_long;
}

static bool body(void *data, const void *bytes, size_t length)
{
	struct receiver *receiver = data;
	receiver->is_too_long = receiver->text.length + length > KH_SIGNATURE_BYTES;
	if (!receiver->is_too_long)
		kh_str_add_bytes(&receiver->text, bytes, length);
	return !receiver->is_too_long;
}

static bool forget(void *data)
{
	(void)data;
	return true;
}

static bool is_short(void *data)
{
	(void)data;
	return false;
}

/* A signature file that is too long ends the reading, and is then refused. */
static int read_file(int fd, struct kh_str *text)
{
	char block[4096];
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	while (text->length <= KH_SIGNATURE_BYTES) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			kh_str_add_bytes(text, block, (size_t)got);
	}
	errno = EFBIG;
	return -1;
}

static enum kh_get_result get(const struct kh_job *job, struct kh_http *http,
			      const struct kh_job_url *url, struct receiver *receiver,
			      char **ret_why)
{
	const struct kh_get_receiver calls = {receiver, count,  if_range, begin,
					      body,     forget, is_short};
	if (strncasecmp(url->url, "file:", 5) != 0)
		return kh_get_run(http, url->url, &job->limits, &calls, ret_why);
	if (url->fd >= 0 && read_file(url->fd, &receiver->text) == 0)
		return KH_GET_DONE;
	*ret_why = kh_strdup(url->fd == KH_JOB_NO_FILE ? "there is no such file"
						       : "it is no file that can be read");
	return KH_GET_FAILED;
}

static int fail_all(const struct kh_job *job, const struct kh_strv *failures, struct kh_error *err)
{
	kh_auto(kh_free) char *all = kh_strv_join(failures, "; ");
	if (job->signature_urls.count == 0)
		kh_fail(err, KH_HOST, 0, "a keyring is given, but no signature is known for it");
	else
		kh_fail(err, KH_HOST, 0, "%s", all);
	return kh_hint(
		err,
		"with 'sources.keyring' every archive must be signed; without it the digest alone decides");
}

int kh_detached_get(const struct kh_job *job, struct kh_http **http, struct kh_str *ret_signature,
		    struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv failures = {0};
	if (job->kept_fd >= 0 && job->kept_signature_fd >= 0 &&
	    read_file(job->kept_signature_fd, ret_signature) == 0 && ret_signature->length > 0)
		return 0;
	kh_str_done(ret_signature);
	if (!*http && kh_http_open(http, err) != 0)
		return -1;
	for (size_t i = 0; i < job->signature_urls.count; i++) {
		const struct kh_job_url *url = &job->signature_urls.items[i];
		struct receiver receiver = {0};
		kh_auto(kh_free) char *why = NULL;
		kh_auto(kh_free) char *shown = kh_get_shown(url->url);
		enum kh_get_result got = get(job, *http, url, &receiver, &why);
		if (got == KH_GET_DONE && receiver.text.length > 0) {
			*ret_signature = receiver.text;
			return 0;
		}
		kh_str_done(&receiver.text);
		kh_strv_addf(&failures, "%s: %s", shown,
			     why                    ? why
			     : receiver.is_too_long ? "longer than any signature"
						    : KH_WORD("empty"));
	}
	return fail_all(job, &failures, err);
}

int kh_detached_keep(const struct kh_job *job, const struct kh_str *signature, struct kh_error *err)
{
	int fd = job->kept_signature_fd;
	if (fd < 0 || signature->length == 0)
		return 0;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    kh_sys_write_all(fd, signature->text, signature->length, "signature") != 0 ||
	    ftruncate(fd, (off_t)signature->length) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write the signature of '%s'", job->name);
	return 0;
}
