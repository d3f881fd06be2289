/* extract.c - see extract.h. */
#include "fetch/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "fetch/ahead.h"
#include "fetch/member.h"
#include "fetch/place.h"

enum { TAR_BLOCK = 512 };

struct extract {
	const struct kh_extract_job *job;
	struct kh_ahead *ahead;
	struct archive *tar;
	struct kh_place place;
	struct kh_error *err;
	bool has_failed; /* *err is filled: libarchive's own error is only what came of it */
	bool is_tar_shut;
	const unsigned char *block; /* the last one */
	long long block_at, given;  /* where it began; where it ended */
	long long zeros;            /* at the end of what came so far */
	long long entries, unpacked_bytes;
	char *top, *leaver; /* the first component; a link that climbs out of it */
	bool is_one_top;
};

/* ---- the uncompressed stream ---- */

static void count_zeros(struct extract *extract, const unsigned char *block, size_t length)
{
	size_t zeros = 0;
	while (zeros < length && block[length - 1 - zeros] == 0)
		zeros++;
	extract->zeros = (zeros == length ? extract->zeros : 0) + (long long)zeros;
}

static int check_bounds(struct extract *extract)
{
	long long most = extract->job->unpacked_bytes;
	/* Headers and padding of the tar come on top of what the files have. */
	if (extract->given > most + most / 4 + (64LL << 20))
		return kh_fail(extract->err, KH_HOST, 0,
			       "the archive unpacks to more than the %lld bytes allowed", most);
	if (extract->given > (long long)KH_EXTRACT_RATIO_FROM_MIB << 20 &&
	    extract->given / KH_EXTRACT_RATIO > kh_ahead_taken(extract->ahead))
		return kh_fail(extract->err, KH_HOST, 0,
			       "the archive unpacks to more than %d times its size",
			       KH_EXTRACT_RATIO);
	return 0;
}

/* The next block, after whoever checks the signature had it. */
static ssize_t next_block(struct extract *extract)
{
	ssize_t length = kh_ahead_read(extract->ahead, &extract->block, extract->err);
	if (length <= 0) {
		extract->has_failed |= length < 0;
		return length;
	}
	extract->block_at = extract->given;
	extract->given += length;
	count_zeros(extract, extract->block, (size_t)length);
	if (extract->job->tar_fd >= 0 && !extract->is_tar_shut)
		extract->is_tar_shut = kh_sys_write_all(extract->job->tar_fd, extract->block,
							(size_t)length, "signature check") != 0;
	if (check_bounds(extract) == 0)
		return length;
	extract->has_failed = true;
	return -1;
}

static la_ssize_t give(struct archive *tar, void *data, const void **ret_bytes)
{
	struct extract *extract = data;
	ssize_t length = next_block(extract);
	*ret_bytes = extract->block;
	if (length < 0)
		archive_set_error(tar, EIO, "the archive cannot be read");
	return length;
}

static bool is_zero(const unsigned char *bytes, long long length)
{
	for (long long i = 0; i < length; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* After the last member: zeros only, enough of them to be the end of a tar, and the end of the
 * compressed stream with its checksum. Blocks hold whole tar blocks, so that what libarchive took
 * of the last one is what it has seen. */
static int drain(struct extract *extract)
{
	long long seen = extract->tar ? archive_filter_bytes(extract->tar, 0) : 0;
	if (seen < extract->block_at)
		seen = extract->block_at;
	bool is_clean = !extract->tar || extract->given == extract->block_at ||
			is_zero(extract->block + (seen - extract->block_at), extract->given - seen);
	for (;;) {
		ssize_t length = next_block(extract);
		if (length < 0)
			return -1;
		if (length == 0)
			break;
		is_clean &= !extract->tar || is_zero(extract->block, length);
	}
	if (!is_clean)
		return kh_fail(extract->err, KH_HOST, 0, "bytes after the end of the archive");
	/* libarchive itself misses a cpio archive's last member */
	bool is_tar = extract->tar && !kh_ahead_is_rpm(extract->ahead);
	if (is_tar && extract->zeros < 2LL * TAR_BLOCK)
		return kh_fail(extract->err, KH_HOST, 0, "the archive ends too early");
	return 0;
}

/* ---- members ---- */

static int refuse(const struct extract *extract, const char *path, const char *reason)
{
	return kh_fail(extract->err, KH_HOST, 0, "member '%.300s': %s", path, reason);
}

static int fail_tar(const struct extract *extract)
{
	if (extract->has_failed)
		return -1;
	const char *text = archive_error_string(extract->tar);
	return kh_fail(extract->err, KH_HOST, 0, "%s: %s",
		       kh_ahead_is_rpm(extract->ahead) ? "cpio" : "tar",
		       text ? text : "the archive is damaged");
}

static int write_at(int fd, const char *bytes, size_t length, off_t at)
{
	while (length > 0) {
		ssize_t wrote = pwrite(fd, bytes, length, at);
		if (wrote < 0 && errno != EINTR)
			return -1;
		if (wrote > 0) {
			bytes += wrote;
			length -= (size_t)wrote;
			at += wrote;
		}
	}
	return 0;
}

static int write_file(struct extract *extract, const struct kh_member *member)
{
	kh_auto(kh_close) int fd = -1;
	if (kh_place_begin(&extract->place, member, &fd, extract->err) != 0)
		return -1;
	long long end = 0;
	for (;;) {
		const void *bytes = NULL;
		size_t length = 0;
		la_int64_t at = 0;
		int status = archive_read_data_block(extract->tar, &bytes, &length, &at);
		if (status == ARCHIVE_EOF)
			break;
		if (status != ARCHIVE_OK)
			return fail_tar(extract);
		if (at < end || at + (long long)length > member->size_bytes)
			return refuse(extract, member->path, "more bytes than its size");
		if (write_at(fd, bytes, length, at) != 0)
			return kh_fail(extract->err, KH_SYSTEM, errno, "unpack '%s'", member->path);
		end = at + (long long)length;
	}
	if (end < member->size_bytes && ftruncate(fd, member->size_bytes) != 0)
		return kh_fail(extract->err, KH_SYSTEM, errno, "unpack '%s'", member->path);
	return kh_place_end(member, &fd, extract->err);
}

static int check_totals(struct extract *extract, const struct kh_member *member)
{
	extract->entries++;
	if (extract->entries + extract->place.made > extract->job->entries)
		return refuse(extract, member->path, "more members than are allowed");
	if (member->size_bytes > extract->job->unpacked_bytes - extract->unpacked_bytes)
		return refuse(extract, member->path,
			      "with it the tree would have more bytes than are allowed");
	extract->unpacked_bytes += member->size_bytes;
	return 0;
}

/* Is there one directory that holds everything? */
static void note_top(struct extract *extract, const struct kh_member *member)
{
	size_t length = strcspn(member->path, "/");
	if (length == 0)
		return;
	if (!extract->top) {
		extract->top = kh_strndup(member->path, length);
		extract->is_one_top = true;
	}
	bool is_same =
		strlen(extract->top) == length && strncmp(extract->top, member->path, length) == 0;
	bool is_dir = member->path[length] == '/' || member->type == KH_MEMBER_DIR;
	extract->is_one_top &= is_same && is_dir;
	if (member->leaves_top && !extract->leaver)
		extract->leaver = kh_strdup(member->path);
}

static int put_member(struct extract *extract, struct archive_entry *entry)
{
	kh_auto(kh_member_done) struct kh_member member = {0};
	if (kh_member_read(entry, &member, extract->err) != 0 ||
	    check_totals(extract, &member) != 0)
		return -1;
	note_top(extract, &member);
	if (member.type == KH_MEMBER_FILE)
		return write_file(extract, &member);
	return kh_place_put(&extract->place, &member, extract->err);
}

static int put_all(struct extract *extract)
{
	extract->tar = archive_read_new();
	int status = kh_ahead_is_rpm(extract->ahead)
			     ? archive_read_support_format_cpio(extract->tar)
			     : archive_read_support_format_tar(extract->tar);
	if (status != ARCHIVE_OK ||
	    archive_read_open(extract->tar, extract, NULL, give, NULL) != ARCHIVE_OK)
		return fail_tar(extract);
	for (;;) {
		struct archive_entry *entry = NULL;
		status = archive_read_next_header(extract->tar, &entry);
		if (status == ARCHIVE_EOF)
			return 0;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return fail_tar(extract);
		if (put_member(extract, entry) != 0)
			return -1;
	}
}

/* ---- all of it ---- */

static int finish(struct extract *extract, struct kh_extracted *ret_extracted)
{
	bool strips = extract->is_one_top && !extract->job->keeps_top;
	if (extract->tar && extract->entries == 0)
		return kh_fail(extract->err, KH_HOST, 0, "the archive is empty");
	if (strips && extract->leaver)
		return refuse(extract, extract->leaver, "a link that leads out of the tree");
	*ret_extracted = (struct kh_extracted){
		.top = strips ? kh_take(extract->top) : kh_strdup(""),
		.entries = extract->entries,
		.unpacked_bytes = extract->unpacked_bytes,
	};
	return 0;
}

static void extract_done(struct extract *extract)
{
	if (extract->tar)
		archive_read_free(extract->tar);
	kh_ahead_free(&extract->ahead);
	kh_place_done(&extract->place);
	kh_free(&extract->top);
	kh_free(&extract->leaver);
}

int kh_extract_run(const struct kh_extract_job *job, struct kh_extracted *ret_extracted,
		   struct kh_error *err)
{
	kh_auto(extract_done) struct extract extract = {.job = job, .err = err};
	kh_place_open(&extract.place, job->tree_fd);
	if (kh_ahead_open(job->in_fd, job->threads, &extract.ahead, err) != 0)
		return -1;
	if (job->tree_fd >= 0 && put_all(&extract) != 0)
		return -1;
	return drain(&extract) == 0 ? finish(&extract, ret_extracted) : -1;
}

void kh_extracted_done(struct kh_extracted *extracted)
{
	kh_free(&extracted->top);
}
