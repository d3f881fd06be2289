/* archive.c - see archive.h. */
#include "fetch/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "fetch/event.h"

enum { BLOCK = 256 * 1024, VALIDATOR_BYTES = 16384 };

static void forget_origin(struct kh_archive *archive)
{
	kh_free(&archive->url);
	kh_free(&archive->etag);
	kh_free(&archive->changed_at);
}

void kh_archive_done(struct kh_archive *archive)
{
	kh_intake_done(&archive->intake);
	kh_error_done(&archive->err);
	forget_origin(archive);
}

int kh_archive_restart(struct kh_archive *archive, bool clears_partial)
{
	archive->is_mixed = false;
	forget_origin(archive);
	return kh_intake_restart(&archive->intake, clears_partial, &archive->err);
}

/* ---- from a file ---- */

int kh_archive_read(struct kh_archive *archive, int fd, bool is_new)
{
	kh_auto(kh_free) char *block = kh_alloc(BLOCK);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return kh_fail(&archive->err, KH_SYSTEM, errno, "read '%s'",
			       archive->intake.job->name);
	for (;;) {
		ssize_t got = read(fd, block, BLOCK);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return kh_fail(&archive->err, KH_SYSTEM, errno, "read '%s'",
				       archive->intake.job->name);
		if (got > 0 &&
		    kh_intake_add(&archive->intake, block, (size_t)got, is_new, &archive->err) != 0)
			return -1;
	}
}

/* ---- the record of where the partial file came from ---- */

static void write_validator(const struct kh_archive *archive)
{
	const struct kh_job *job = archive->intake.job;
	if (job->validator_fd < 0)
		return;
	json_t *record = json_pack("{s:s, s:o, s:o, s:o}", "sha256", job->sha256, "url",
				   kh_json_text(archive->url), "etag", kh_json_text(archive->etag),
				   "last_modified", kh_json_text(archive->changed_at));
	kh_auto(kh_free) char *text = json_dumps(record, JSON_COMPACT);
	json_decref(record);
	/* Without it the partial file is not used: nothing is lost but time. */
	if (ftruncate(job->validator_fd, 0) != 0 || lseek(job->validator_fd, 0, SEEK_SET) != 0 ||
	    kh_sys_write_all(job->validator_fd, text, strlen(text), job->name) != 0)
		kh_event_note("'%s': a cut cannot be resumed by a later run: %s", job->name,
			      strerror(errno));
}

static char *text_or_null(const json_t *record, const char *key)
{
	const char *text = kh_json_get(record, key);
	return text[0] ? kh_strdup(text) : NULL;
}

/* Is the partial file one of the archive we want? */
static bool read_validator(struct kh_archive *archive)
{
	const struct kh_job *job = archive->intake.job;
	char text[VALIDATOR_BYTES];
	ssize_t length =
		job->validator_fd >= 0 ? pread(job->validator_fd, text, sizeof(text), 0) : -1;
	json_t *record = length > 0 ? json_loadb(text, (size_t)length, 0, NULL) : NULL;
	bool is_ours = record && strcmp(kh_json_get(record, "sha256"), job->sha256) == 0;
	if (is_ours) {
		forget_origin(archive);
		archive->url = text_or_null(record, "url");
		archive->etag = text_or_null(record, "etag");
		archive->changed_at = text_or_null(record, "last_modified");
	}
	json_decref(record);
	return is_ours;
}

int kh_archive_read_partial(struct kh_archive *archive)
{
	int fd = archive->intake.job->partial_fd;
	if (!read_validator(archive))
		return kh_archive_restart(archive, true);
	archive->is_mixed = true;
	return kh_archive_read(archive, fd, false);
}

/* ---- from a URL ---- */

static long long count(void *data)
{
	const struct kh_archive *archive = data;
	return archive->intake.bytes;
}

/* Only a server that gave the first part can say whether the rest still belongs to it. A date is a
 * weak promise, but then the digest is not. */
static const char *if_range(void *data, const char *url)
{
	const struct kh_archive *archive = data;
	if (!archive->url || strcmp(archive->url, url) != 0)
		return NULL;
	return archive->etag ? archive->etag : archive->changed_at;
}

static bool is_fitting(struct kh_archive *archive, long long total)
{
	const struct kh_job *job = archive->intake.job;
	if (total < 0 || job->size_bytes < 0 || total == job->size_bytes)
		return true;
	kh_fail(&archive->err, KH_HOST, 0, "'%s': it should have %lld bytes, the server's has %lld",
		job->name, job->size_bytes, total);
	return false;
}

static bool is_allowed(struct kh_archive *archive, long long total)
{
	const struct kh_job *job = archive->intake.job;
	if (job->size_bytes >= 0 || total <= job->limits.download_bytes)
		return true;
	kh_fail(&archive->err, KH_HOST, 0,
		"'%s': %lld bytes are more than the %lld that are allowed", job->name, total,
		job->limits.download_bytes);
	return false;
}

static bool begin(void *data, const char *url, const struct kh_http_head *head)
{
	struct kh_archive *archive = data;
	long long have = archive->intake.bytes;
	if (!is_fitting(archive, head->total) || !is_allowed(archive, head->total))
		return false;
	if (have > 0 && head->status == 206 && head->first == have) {
		archive->is_mixed = true;
		return true;
	}
	if (head->status == 206) {
		kh_fail(&archive->err, KH_HOST, 0,
			"'%s': the server sent another part than asked for",
			archive->intake.job->name);
		return false;
	}
	if (have > 0)
		kh_event_note("'%s': the server does not go on where it was cut: from the start",
			      archive->intake.job->name);
	if (have > 0 && kh_archive_restart(archive, true) != 0)
		return false;
	forget_origin(archive);
	archive->url = kh_strdup(url);
	archive->etag = kh_strdup(head->etag);
	archive->changed_at = kh_strdup(head->changed_at);
	write_validator(archive);
	return true;
}

static bool body(void *data, const void *bytes, size_t length)
{
	struct kh_archive *archive = data;
	return kh_intake_add(&archive->intake, bytes, length, true, &archive->err) == 0;
}

static bool forget(void *data)
{
	return kh_archive_restart(data, true) == 0;
}

static bool is_short(void *data)
{
	const struct kh_archive *archive = data;
	return archive->intake.bytes < archive->intake.job->size_bytes;
}

struct kh_get_receiver kh_archive_receiver(struct kh_archive *archive)
{
	return (struct kh_get_receiver){archive, count, if_range, begin, body, forget, is_short};
}
