/* decode.c - see decode.h. */
#include "fetch/decode.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

struct kh_decode {
	int fd;
	long long taken;
	bool has_ended;   /* the input */
	bool is_complete; /* the stream */
	bool is_xz, is_rpm;
	lzma_stream lzma;
	struct archive *filters; /* not xz */
	size_t head_length;      /* bytes of `in` that were looked at before filters took over */
	unsigned char in[KH_DECODE_BLOCK];
};

enum { LZMA_STOP_MIB = 1024, LZMA_THREADING_MIB = 512 };

/* As much input as there is, at most a block. */
static ssize_t take(struct kh_decode *decode, size_t at, size_t least)
{
	size_t length = at;
	while (length < least && !decode->has_ended) {
		ssize_t got = read(decode->fd, decode->in + length, sizeof(decode->in) - length);
		if (got < 0 && errno != EINTR)
			return -1;
		decode->has_ended = got == 0;
		length += got > 0 ? (size_t)got : 0;
	}
	decode->taken += (long long)(length - at);
	return (ssize_t)length;
}

/* ---- xz ---- */

static lzma_ret start_lzma(lzma_stream *stream, unsigned threads)
{
#if LZMA_VERSION >= 50040000
	lzma_mt options = {
		.flags = LZMA_CONCATENATED,
		.threads = threads > 0 ? threads : 1,
		.memlimit_stop = (uint64_t)LZMA_STOP_MIB << 20,
		.memlimit_threading = (uint64_t)LZMA_THREADING_MIB << 20,
	};
	return lzma_stream_decoder_mt(stream, &options);
#else
	(void)threads;
	return lzma_stream_decoder(stream, (uint64_t)LZMA_STOP_MIB << 20, LZMA_CONCATENATED);
#endif
}

static int fail_lzma(lzma_ret status, struct kh_error *err)
{
	if (status == LZMA_MEMLIMIT_ERROR)
		return kh_fail(err, KH_HOST, 0, "xz: decoding it wants more than %d MiB of memory",
			       LZMA_STOP_MIB);
	if (status == LZMA_MEM_ERROR)
		return kh_fail(err, KH_SYSTEM, ENOMEM, "xz: decode");
	if (status == LZMA_BUF_ERROR)
		return kh_fail(err, KH_HOST, 0, "xz: the archive ends too early");
	return kh_fail(err, KH_HOST, 0,
		       "xz: the archive is damaged, or followed by something else");
}

static ssize_t read_xz(struct kh_decode *decode, unsigned char *block, struct kh_error *err)
{
	lzma_stream *stream = &decode->lzma;
	stream->next_out = block;
	stream->avail_out = KH_DECODE_BLOCK;
	while (stream->avail_out > 0 && !decode->is_complete) {
		if (stream->avail_in == 0 && !decode->has_ended) {
			ssize_t got = take(decode, 0, 1);
			if (got < 0)
				return kh_fail(err, KH_SYSTEM, errno, "read the archive");
			stream->next_in = decode->in;
			stream->avail_in = (size_t)got;
		}
		lzma_ret status =
			lzma_code(stream, decode->has_ended && stream->avail_in == 0 ? LZMA_FINISH
										     : LZMA_RUN);
		decode->is_complete = status == LZMA_STREAM_END;
		if (status != LZMA_OK && status != LZMA_STREAM_END)
			return fail_lzma(status, err);
	}
	return (ssize_t)(KH_DECODE_BLOCK - stream->avail_out);
}

/* ---- the others ---- */

static la_ssize_t feed(struct archive *archive, void *data, const void **ret_bytes)
{
	struct kh_decode *decode = data;
	*ret_bytes = decode->in;
	ssize_t length = (ssize_t)decode->head_length;
	if (decode->head_length == 0)
		length = take(decode, 0, 1);
	decode->head_length = 0;
	if (length < 0)
		archive_set_error(archive, errno, "read the archive");
	return length;
}

static int fail_filter(struct kh_decode *decode, struct kh_error *err)
{
	int code = archive_errno(decode->filters);
	const char *text = archive_error_string(decode->filters);
	return kh_fail(err, code == ENOMEM || code == EIO ? KH_SYSTEM : KH_HOST, 0,
		       "decompress: %s", text ? text : "the archive is damaged");
}

static int open_filters(struct kh_decode *decode, struct kh_error *err)
{
	static int (*const supports[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_zstd, archive_read_support_filter_lz4,
		archive_read_support_format_raw,
	};
	/* A package is a header and a compressed cpio archive, which may be of any of these. */
	static int (*const of_rpm[])(struct archive *) = {archive_read_support_filter_rpm,
							  archive_read_support_filter_xz,
							  archive_read_support_filter_lzma};
	struct archive_entry *entry = NULL;
	decode->filters = archive_read_new();
	/* A warning says that libarchive would run a program: it has no way to, and says so then.
	 */
	for (size_t i = 0; i < KH_COUNT(supports); i++)
		if (supports[i](decode->filters) < ARCHIVE_WARN)
			return fail_filter(decode, err);
	for (size_t i = 0; decode->is_rpm && i < KH_COUNT(of_rpm); i++)
		if (of_rpm[i](decode->filters) < ARCHIVE_WARN)
			return fail_filter(decode, err);
	if (archive_read_open(decode->filters, decode, NULL, feed, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(decode->filters, &entry) != ARCHIVE_OK)
		return fail_filter(decode, err);
	return 0;
}

/* Nothing may follow the compressed stream: a filter stops at its end and leaves the rest. */
static int check_end(struct kh_decode *decode, struct kh_error *err)
{
	if (take(decode, 0, 1) < 0)
		return kh_fail(err, KH_SYSTEM, errno, "read the archive");
	if (archive_filter_bytes(decode->filters, -1) != decode->taken)
		return kh_fail(err, KH_HOST, 0,
			       "decompress: bytes that do not belong to the archive");
	return 0;
}

static ssize_t read_filters(struct kh_decode *decode, unsigned char *block, struct kh_error *err)
{
	size_t length = 0;
	while (length < KH_DECODE_BLOCK && !decode->is_complete) {
		la_ssize_t got = archive_read_data(decode->filters, block + length,
						   KH_DECODE_BLOCK - length);
		if (got < 0)
			return fail_filter(decode, err);
		decode->is_complete = got == 0;
		length += (size_t)got;
	}
	if (decode->is_complete && check_end(decode, err) != 0)
		return -1;
	return (ssize_t)length;
}

/* ---- both ---- */

int kh_decode_open(int in_fd, unsigned threads, struct kh_decode **ret_decode, struct kh_error *err)
{
	static const unsigned char magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
	static const unsigned char lead[] = {0xed, 0xab, 0xee, 0xdb}; /* rpm: RPMLEAD_MAGIC */
	kh_auto(kh_decode_free) struct kh_decode *decode = kh_alloc(sizeof(*decode));
	*decode = (struct kh_decode){.fd = in_fd, .lzma = LZMA_STREAM_INIT};
	ssize_t head = take(decode, 0, sizeof(magic));
	if (head < 0)
		return kh_fail(err, KH_SYSTEM, errno, "read the archive");
	if (head == 0)
		return kh_fail(err, KH_HOST, 0, "the archive is empty");
	decode->is_xz =
		(size_t)head >= sizeof(magic) && memcmp(decode->in, magic, sizeof(magic)) == 0;
	if (decode->is_xz) {
		lzma_ret status = start_lzma(&decode->lzma, threads);
		if (status != LZMA_OK)
			return fail_lzma(status, err);
		decode->lzma.next_in = decode->in;
		decode->lzma.avail_in = (size_t)head;
	} else {
		decode->head_length = (size_t)head;
		decode->is_rpm =
			(size_t)head >= sizeof(lead) && memcmp(decode->in, lead, sizeof(lead)) == 0;
		if (open_filters(decode, err) != 0)
			return -1;
	}
	*ret_decode = kh_take(decode);
	return 0;
}

ssize_t kh_decode_read(struct kh_decode *decode, unsigned char block[KH_DECODE_BLOCK],
		       struct kh_error *err)
{
	if (decode->is_complete)
		return 0;
	return decode->is_xz ? read_xz(decode, block, err) : read_filters(decode, block, err);
}

bool kh_decode_is_rpm(const struct kh_decode *decode)
{
	return decode->is_rpm;
}

long long kh_decode_taken(const struct kh_decode *decode)
{
	return decode->taken;
}

void kh_decode_free(struct kh_decode **decode)
{
	if (!*decode)
		return;
	lzma_end(&(*decode)->lzma);
	if ((*decode)->filters)
		archive_read_free((*decode)->filters);
	kh_free(decode);
}
