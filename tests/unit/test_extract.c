/* test_extract.c - unpacking: honest archives, hostile ones, and the process that does it locked
 * in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <lzma.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "fetch/confine.h"
#include "fetch/extract.h"
#include "fetch/get.h"
#include "fetch/job.h"
#include "fetch/member.h"
#include "fetch/seccomp.h"
#include "fetch/signature.h"
#include "tests/lib/fixture.h"
#include "tests/lib/tarball.h"

static struct fixture place;
static struct kh_str tar;
static struct kh_extract_job job;
static struct kh_extracted extracted;
static struct kh_error err;
static int tree_fd = -1;

static int setup(void **state)
{
	(void)state;
	fixture_open_empty(&place);
	tree_fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	job = (struct kh_extract_job){.tree_fd = tree_fd,
				      .tar_fd = -1,
				      .threads = 2,
				      .unpacked_bytes = 1 << 20,
				      .entries = 100};
	return tree_fd >= 0 ? 0 : -1;
}

static void forget(void)
{
	kh_error_done(&err);
	err = (struct kh_error)KH_ERROR_INIT;
	kh_extracted_done(&extracted);
	extracted = (struct kh_extracted){0};
}

static int teardown(void **state)
{
	(void)state;
	forget();
	kh_str_done(&tar);
	kh_close(&tree_fd);
	fixture_close(&place);
	return 0;
}

static int file_of(const struct kh_str *bytes)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(kh_sys_write_all(fd, kh_str_text(bytes), bytes->length, "archive"), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int unpack(const struct kh_str *archive)
{
	kh_auto(kh_close) int fd = file_of(archive);
	forget();
	job.in_fd = fd;
	return kh_extract_run(&job, &extracted, &err);
}

static void must_unpack(const struct kh_str *archive)
{
	if (unpack(archive) != 0)
		fail_msg("%s", err.message);
}

static void assert_refused(const struct kh_str *archive, const char *message)
{
	if (unpack(archive) == 0)
		fail_msg("accepted, but wanted: %s", message);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, KH_HOST);
}

/* The tar so far, with its end, refused. */
static void assert_tar_refused(const char *message)
{
	tarball_end(&tar);
	assert_refused(&tar, message);
	kh_str_done(&tar);
}

static void assert_text(const char *path, const char *wanted)
{
	kh_auto(kh_free) char *text = fixture_get(&place, path);
	assert_non_null(text);
	assert_string_equal(text, wanted);
}

static unsigned mode_of(const char *name)
{
	struct stat status;
	assert_int_equal(fstatat(tree_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static void make_honest(void)
{
	tarball_add(&tar, '5', "./a/", 0700, NULL, NULL, 0);
	tarball_file(&tar, "./a/run", 0750, "run\n");
	tarball_file(&tar, "a//b/./plain", 0666, "plain\n");
	tarball_add(&tar, '1', "a/same", 0644, "./a/run", NULL, 0);
	tarball_add(&tar, '2', "a/b/up", 0777, "../run", NULL, 0);
	tarball_add(&tar, '2', "a/dangling", 0777, "b/nowhere", NULL, 0);
	tarball_end(&tar);
}

/* ---- honest ---- */

static void an_honest_archive_is_unpacked(void **state)
{
	struct stat status;
	(void)state;
	make_honest();
	must_unpack(&tar);
	assert_string_equal(extracted.top, "a");
	assert_int_equal(extracted.entries, 6);
	assert_int_equal(extracted.unpacked_bytes, 10);
	assert_text("/a/run", "run\n");
	assert_text("/a/b/plain", "plain\n");
	assert_text("/a/same", "run\n");
	assert_text("/a/b/up", "run\n");
	assert_int_equal(mode_of("a"), 0755);
	assert_int_equal(mode_of("a/run"), 0755);
	assert_int_equal(mode_of("a/b/plain"), 0644);
	assert_int_equal(fstatat(tree_fd, "a/b/up", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mtime, TARBALL_TIME);
	assert_int_equal(fstatat(tree_fd, "a/dangling", &status, AT_SYMLINK_NOFOLLOW), 0);
}

static void a_top_stays_when_it_is_wanted_or_not_the_only_one(void **state)
{
	(void)state;
	make_honest();
	job.keeps_top = true;
	must_unpack(&tar);
	assert_string_equal(extracted.top, "");
	job.keeps_top = false;
	kh_str_done(&tar);
	tarball_file(&tar, "x/one", 0644, "");
	tarball_file(&tar, "y/two", 0644, "");
	tarball_end(&tar);
	must_unpack(&tar);
	assert_string_equal(extracted.top, "");
	kh_str_done(&tar);
	tarball_file(&tar, "file", 0644, "");
	tarball_end(&tar);
	must_unpack(&tar);
	assert_string_equal(extracted.top, "");
}

static void names_of_other_alphabets_and_long_ones_come_out_right(void **state)
{
	static const char record[] = "21 path=d/\xc3\xa4\xc3\xb6\xc3\xbc.txt\n";
	(void)state;
	struct kh_str path = {0}, line = {0};
	for (int i = 0; i < 12; i++)
		kh_str_add(&path, "d/twenty-bytes-long-/");
	kh_str_addf(&line, "%zu path=%sx\n", path.length + 11, path.text);
	tarball_add(&tar, 'x', "pax", 0644, NULL, record, sizeof(record) - 1);
	tarball_file(&tar, "short", 0644, "umlaut");
	tarball_add(&tar, 'x', "pax", 0644, NULL, line.text, line.length);
	tarball_file(&tar, "short2", 0644, "long");
	tarball_end(&tar);
	must_unpack(&tar);
	kh_auto(kh_free) char *long_path = kh_printf("/%sx", path.text);
	assert_text(long_path, "long");
	assert_text("/d/\xc3\xa4\xc3\xb6\xc3\xbc.txt", "umlaut");
	kh_str_done(&path);
	kh_str_done(&line);
}

/* ---- compressions ---- */

static void compress_xz(const struct kh_str *plain, size_t block, struct kh_str *ret)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	const lzma_mt options = {
		.threads = 2, .block_size = block, .preset = 1, .check = LZMA_CHECK_CRC64};
	uint8_t out[65536];
	lzma_ret status = lzma_stream_encoder_mt(&stream, &options);
	assert_int_equal(status, LZMA_OK);
	stream.next_in = (const uint8_t *)plain->text;
	stream.avail_in = plain->length;
	while (status == LZMA_OK) {
		stream.next_out = out;
		stream.avail_out = sizeof(out);
		status = lzma_code(&stream, LZMA_FINISH);
		kh_str_add_bytes(ret, out, sizeof(out) - stream.avail_out);
	}
	assert_int_equal(status, LZMA_STREAM_END);
	lzma_end(&stream);
}

static void compress(const struct kh_str *plain, int (*filter)(struct archive *),
		     struct kh_str *ret)
{
	static char out[1 << 20];
	size_t used = 0;
	struct archive *writer = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	assert_int_equal(filter(writer), ARCHIVE_OK);
	archive_write_set_format_raw(writer);
	archive_write_set_bytes_per_block(writer, 0);
	archive_write_open_memory(writer, out, sizeof(out), &used);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "data");
	assert_int_equal(archive_write_header(writer, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(writer, plain->text, plain->length), plain->length);
	archive_write_free(writer);
	archive_entry_free(entry);
	kh_str_add_bytes(ret, out, used);
}

static void fill_with_noise(size_t length)
{
	kh_auto(kh_free) char *bytes = kh_alloc(length);
	unsigned seed = 7;
	for (size_t i = 0; i < length; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (char)(seed >> 28);
	}
	tarball_add(&tar, '0', "a/noise", 0644, NULL, bytes, length);
	tarball_file(&tar, "a/run", 0755, "run\n");
	tarball_end(&tar);
}

static void assert_spoilt(const struct kh_str *packed, size_t length, const char *more,
			  size_t which)
{
	struct kh_str bad = {0};
	kh_str_add_bytes(&bad, packed->text, length);
	kh_str_add(&bad, more);
	if (unpack(&bad) == 0)
		fail_msg("compression %zu: %zu bytes of %zu and '%s' are accepted", which, length,
			 packed->length, more);
	assert_int_equal(err.code, KH_HOST);
	kh_str_done(&bad);
	fixture_remove(&place, "/a");
}

static void assert_spoilt_ones_are_refused(const struct kh_str *packed, size_t which)
{
	assert_spoilt(packed, packed->length / 2, "", which);
	assert_spoilt(packed, packed->length - 9, "", which);
	assert_spoilt(packed, packed->length, "something else entirely", which);
}

static void every_compression_gives_the_same(void **state)
{
	int (*const filters[])(struct archive *) = {archive_write_add_filter_gzip,
						    archive_write_add_filter_bzip2,
						    archive_write_add_filter_zstd};
	(void)state;
	fill_with_noise(500000);
	for (size_t i = 0; i <= KH_COUNT(filters); i++) {
		struct kh_str packed = {0};
		if (i < KH_COUNT(filters))
			compress(&tar, filters[i], &packed);
		else
			compress_xz(&tar, 60000, &packed); /* nine blocks */
		must_unpack(&packed);
		assert_text("/a/run", "run\n");
		assert_int_equal(extracted.unpacked_bytes, 500004);
		fixture_remove(&place, "/a");
		assert_spoilt_ones_are_refused(&packed, i);
		kh_str_done(&packed);
	}
}

/* ---- packages of rpm ---- */

/* A member of a cpio archive in rpm's form (newc, without checksums). Source: cpio(5), "New ASCII
 * Format". */
static void cpio_add(struct kh_str *cpio, unsigned mode, const char *name, const char *bytes)
{
	size_t length = strlen(bytes);
	kh_str_addf(cpio, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x%s", 1u,
		    mode, 0u, 0u, 1u, 1234567890u, length, 0u, 0u, 0u, 0u, strlen(name) + 1, 0u,
		    name);
	kh_str_add_bytes(cpio, "", 1);
	while (cpio->length % 4 != 0)
		kh_str_add_bytes(cpio, "", 1);
	kh_str_add_bytes(cpio, bytes, length);
	while (cpio->length % 4 != 0)
		kh_str_add_bytes(cpio, "", 1);
}

/* The lead and two headers without entries, then the payload. Source: rpm's docs/manual/format. */
static void make_rpm(const struct kh_str *payload, struct kh_str *ret)
{
	static const char lead[96] = {'\xed', '\xab', '\xee', '\xdb', 3};
	static const char header[16] = {'\x8e', '\xad', '\xe8', 1};
	kh_str_done(ret);
	kh_str_add_bytes(ret, lead, sizeof(lead));
	kh_str_add_bytes(ret, header, sizeof(header));
	kh_str_add_bytes(ret, header, sizeof(header));
	kh_str_add_bytes(ret, kh_str_text(payload), payload->length);
}

static void a_source_package_is_unpacked_whatever_packed_it(void **state)
{
	(void)state;
	static int (*const filters[])(struct archive *) = {
		archive_write_add_filter_gzip, archive_write_add_filter_zstd,
		archive_write_add_filter_bzip2, archive_write_add_filter_xz};
	kh_auto(kh_str_done) struct kh_str cpio = {0}, packed = {0}, rpm = {0};
	cpio_add(&cpio, 0100644, "thing.spec", "Name: thing\n");
	cpio_add(&cpio, 0100644, "thing.patch", "--- a\n");
	cpio_add(&cpio, 0, "TRAILER!!!", "");
	for (size_t i = 0; i < KH_COUNT(filters); i++) {
		kh_str_done(&packed);
		compress(&cpio, filters[i], &packed);
		make_rpm(&packed, &rpm);
		must_unpack(&rpm);
		assert_string_equal(extracted.top, "");
		assert_int_equal(extracted.entries, 2);
		assert_text("/thing.spec", "Name: thing\n");
		assert_text("/thing.patch", "--- a\n");
		fixture_remove(&place, "/thing.spec");
		fixture_remove(&place, "/thing.patch");
		rpm.length -= 30;
		assert_int_equal(unpack(&rpm), -1);
		assert_int_equal(err.code, KH_HOST);
		fixture_remove(&place, "/thing.spec");
		fixture_remove(&place, "/thing.patch");
	}
}

static void hostile_members_of_a_package_are_refused(void **state)
{
	(void)state;
	static const struct {
		unsigned mode;
		const char *name, *bytes, *message;
	} cases[] = {
		{0100644, "../thing.spec", "x", "member '../thing.spec': '..' in its name"},
		{0100644, "/etc/cron.d/x", "x", "member '/etc/cron.d/x': an absolute name"},
		{0120777, "out", "../../etc", "member 'out': a link that leads out of the tree"},
		{020644, "device", "", "member 'device': a device, pipe or socket"},
	};
	kh_auto(kh_str_done) struct kh_str packed = {0}, rpm = {0};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		kh_auto(kh_str_done) struct kh_str cpio = {0};
		cpio_add(&cpio, cases[i].mode, cases[i].name, cases[i].bytes);
		cpio_add(&cpio, 0, "TRAILER!!!", "");
		kh_str_done(&packed);
		compress(&cpio, archive_write_add_filter_zstd, &packed);
		make_rpm(&packed, &rpm);
		assert_refused(&rpm, cases[i].message);
	}
}

static void a_cpio_archive_is_only_taken_from_a_package(void **state)
{
	(void)state;
	kh_auto(kh_str_done) struct kh_str cpio = {0};
	cpio_add(&cpio, 0100644, "README", "hello\n");
	cpio_add(&cpio, 0, "TRAILER!!!", "");
	while (cpio.length < 4096)
		kh_str_add_bytes(&cpio, "", 1);
	assert_int_equal(unpack(&cpio), -1);
}

static void what_is_wrong_with_xz_is_said(void **state)
{
	struct kh_str packed = {0};
	(void)state;
	fill_with_noise(50000);
	compress_xz(&tar, 0, &packed);
	packed.length -= 20;
	assert_refused(&packed, "xz: the archive ends too early");
	packed.length += 20;
	fixture_remove(&place, "/a");
	packed.text[packed.length / 2] ^= 1;
	assert_refused(&packed, "xz: the archive is damaged, or followed by something else");
	packed.text[packed.length / 2] ^= 1;
	fixture_remove(&place, "/a");
	kh_str_add(&packed, "something else entirely");
	assert_refused(&packed, "xz: the archive is damaged, or followed by something else");
	kh_str_done(&packed);
}

static void the_uncompressed_stream_is_handed_on_whole(void **state)
{
	struct kh_str packed = {0}, heard = {0};
	int ends[2];
	char block[4096];
	(void)state;
	fill_with_noise(20000);
	compress_xz(&tar, 0, &packed);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	job.tar_fd = ends[1];
	must_unpack(&packed);
	close(ends[1]);
	for (ssize_t got = 1; got > 0;) {
		got = read(ends[0], block, sizeof(block));
		kh_str_add_bytes(&heard, block, got > 0 ? (size_t)got : 0);
	}
	close(ends[0]);
	assert_int_equal(heard.length, tar.length);
	assert_memory_equal(heard.text, tar.text, tar.length);
	kh_str_done(&heard);
	kh_str_done(&packed);
}

/* ---- no archives ---- */

static void what_is_no_archive_is_refused(void **state)
{
	struct kh_str text = {0};
	(void)state;
	assert_refused(&text, "the archive is empty");
	kh_str_add(&text, "<html><body>Sign in to the network of this hotel</body></html>");
	assert_int_equal(unpack(&text), -1);
	assert_int_equal(err.code, KH_HOST);
	kh_str_done(&text);
	tarball_end(&tar);
	assert_refused(&tar, "the archive is empty");
}

static void a_tar_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	make_honest();
	for (size_t length = 512; length < tar.length - 512; length += 512) {
		struct kh_str part = {0};
		kh_str_add_bytes(&part, tar.text, length);
		if (unpack(&part) == 0)
			fail_msg("%zu bytes of %zu are accepted", length, tar.length);
		kh_str_done(&part);
		fixture_remove(&place, "/a");
	}
}

static void bytes_after_the_end_are_refused(void **state)
{
	(void)state;
	make_honest();
	kh_str_add(&tar, "x");
	assert_refused(&tar, "bytes after the end of the archive");
	fixture_remove(&place, "/a");
	/* Zeros are what fills a tape. */
	kh_str_done(&tar);
	make_honest();
	tarball_end(&tar);
	must_unpack(&tar);
	/* Far away, after more than a block of zeros. */
	fixture_remove(&place, "/a");
	for (int i = 0; i < 300; i++)
		tarball_end(&tar);
	tarball_file(&tar, "hidden", 0644, "hidden");
	tarball_end(&tar);
	assert_refused(&tar, "bytes after the end of the archive");
}

/* ---- hostile members ---- */

static void names_that_lead_out_are_refused(void **state)
{
	(void)state;
	tarball_file(&tar, "/etc/passwd", 0644, "");
	assert_tar_refused("member '/etc/passwd': an absolute name");
	tarball_file(&tar, "a/../../b", 0644, "");
	assert_tar_refused("member 'a/../../b': '..' in its name");
	tarball_file(&tar, "..", 0644, "");
	assert_tar_refused("member '..': '..' in its name");
	tarball_file(&tar, "a\nb\x1b[2J", 0644, "");
	assert_tar_refused("member 'a\\x0ab\\x1b[2J': control characters in its name");
	tarball_file(&tar, "./.", 0644, "");
	assert_tar_refused("member './.': it has no name");
}

static void names_too_deep_or_too_long_are_refused(void **state)
{
	struct kh_str deep = {0};
	char *path = NULL;
	(void)state;
	for (int i = 0; i < 65; i++)
		kh_str_add(&deep, "d/");
	assert_int_equal(kh_member_clean(deep.text, &path, &err), -1);
	assert_non_null(strstr(err.message, "nested more than 64 deep"));
	assert_int_equal(kh_member_clean(deep.text + 2, &path, &err), 0);
	kh_free(&path);
	kh_str_done(&deep);
	for (int i = 0; i < 256; i++)
		kh_str_add(&deep, "n");
	assert_int_equal(kh_member_clean(deep.text, &path, &err), -1);
	assert_non_null(strstr(err.message, "a name of more than 255 bytes"));
	kh_str_done(&deep);
}

static void links_that_lead_out_are_refused(void **state)
{
	static const struct {
		const char *path, *target;
		bool is_allowed;
	} links[] = {
		{"a/l", "b", true},       {"a/l", "../a/b", true},     {"a/b/l", "../../c", true},
		{"a/l", "./b/./c", true}, {"a/l", "..", true},         {"a/l", "../..", false},
		{"l", "..", false},       {"a/l", "/etc", false},      {"a/l", "", false},
		{"a/l", "b/../c", false}, {"a/l", ".././../c", false}, {"a/l", "b\n", false},
	};
	(void)state;
	for (size_t i = 0; i < KH_COUNT(links); i++) {
		bool leaves_top = false;
		int status =
			kh_member_check_link(links[i].path, links[i].target, &leaves_top, &err);
		if ((status == 0) != links[i].is_allowed)
			fail_msg("'%s' -> '%s'", links[i].path, links[i].target);
	}
	tarball_add(&tar, '2', "a/b/out", 0777, "../../../etc", NULL, 0);
	assert_tar_refused("member 'a/b/out': a link that leads out of the tree");
	tarball_add(&tar, '1', "a/hard", 0644, "../../etc/passwd", NULL, 0);
	assert_tar_refused("member '../../etc/passwd': '..' in its name");
	tarball_add(&tar, '1', "a/hard", 0644, "/etc/passwd", NULL, 0);
	assert_tar_refused("member '/etc/passwd': an absolute name");
	tarball_add(&tar, '1', "a/hard", 0644, "a/later", NULL, 0);
	tarball_file(&tar, "a/later", 0644, "");
	assert_tar_refused("member 'a/hard': a hard link to 'a/later', which is no file before it");
}

static void a_link_out_of_the_directory_that_is_taken_off_is_refused(void **state)
{
	(void)state;
	tarball_add(&tar, '2', "top/l", 0777, "../top/b", NULL, 0);
	assert_tar_refused("member 'top/l': a link that leads out of the tree");
	fixture_remove(&place, "/top");
	/* It stays in a tree of which the directory is a part. */
	job.keeps_top = true;
	tarball_add(&tar, '2', "top/l", 0777, "../top/b", NULL, 0);
	tarball_end(&tar);
	must_unpack(&tar);
}

static void nothing_is_written_through_a_link(void **state)
{
	(void)state;
	tarball_add(&tar, '2', "a/l", 0777, "b", NULL, 0);
	tarball_file(&tar, "a/b/c", 0644, "");
	tarball_file(&tar, "a/l/evil", 0644, "");
	assert_tar_refused("member 'a/l/evil': a directory above it is a link or a file");
	fixture_remove(&place, "/a");
	tarball_add(&tar, '2', "a/l", 0777, "b", NULL, 0);
	tarball_file(&tar, "a/l", 0644, "over it");
	assert_tar_refused("member 'a/l': its name is there twice");
	fixture_remove(&place, "/a");
	tarball_add(&tar, '2', "a/l", 0777, "b", NULL, 0);
	tarball_add(&tar, '5', "a/l", 0755, NULL, NULL, 0);
	assert_tar_refused("member 'a/l': a directory above it is a link or a file");
	fixture_remove(&place, "/a");
	tarball_file(&tar, "a/f", 0644, "one");
	tarball_file(&tar, "a/f", 0644, "two");
	assert_tar_refused("member 'a/f': its name is there twice");
	fixture_remove(&place, "/a");
	/* The directory that was written to last is remembered; not when it became something else.
	 */
	tarball_file(&tar, "a/d/x", 0644, "");
	tarball_add(&tar, '2', "a/d", 0777, "e", NULL, 0);
	assert_tar_refused("member 'a/d': its name is there twice");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	tarball_add(&tar, '3', "a/null", 0666, NULL, NULL, 0);
	assert_tar_refused("member 'a/null': a device, pipe or socket");
	tarball_add(&tar, '4', "a/disk", 0666, NULL, NULL, 0);
	assert_tar_refused("member 'a/disk': a device, pipe or socket");
	tarball_add(&tar, '6', "a/pipe", 0666, NULL, NULL, 0);
	assert_tar_refused("member 'a/pipe': a device, pipe or socket");
	tarball_file(&tar, "a/su", 04755, "");
	assert_tar_refused("member 'a/su': it is setuid or setgid");
	tarball_file(&tar, "a/sg", 02755, "");
	assert_tar_refused("member 'a/sg': it is setuid or setgid");
	tarball_add(&tar, '5', "a/sticky", 01777, NULL, NULL, 0);
	tarball_end(&tar);
	must_unpack(&tar);
	assert_int_equal(mode_of("a/sticky"), 0755);
}

/* ---- too much ---- */

static void too_many_bytes_are_refused(void **state)
{
	(void)state;
	tarball_header(&tar, '0', "a/huge", 0644, NULL, 8ULL << 30);
	assert_tar_refused(
		"member 'a/huge': with it the tree would have more bytes than are allowed");
	job.unpacked_bytes = 5;
	tarball_file(&tar, "a/one", 0644, "123");
	tarball_file(&tar, "a/two", 0644, "456");
	assert_tar_refused(
		"member 'a/two': with it the tree would have more bytes than are allowed");
}

/* "LENGTH KEY=VALUE\n", where the length counts itself. */
static void add_record(struct kh_str *records, const char *key, const char *value)
{
	size_t length = strlen(key) + strlen(value) + 5;
	kh_str_addf(records, "%zu %s=%s\n", length, key, value);
	assert_true(length >= 10 && length <= 99);
}

static void add_sparse(const char *size, const char *map, const char *data, size_t length)
{
	struct kh_str records = {0};
	char bytes[1024] = "";
	memcpy(bytes, map, strlen(map));
	memcpy(bytes + 512, data, length);
	add_record(&records, "GNU.sparse.major", "1");
	add_record(&records, "GNU.sparse.minor", "0");
	add_record(&records, "GNU.sparse.name", "a/sparse");
	add_record(&records, "GNU.sparse.realsize", size);
	tarball_add(&tar, 'x', "pax", 0644, NULL, records.text, records.length);
	tarball_add(&tar, '0', "GNUSparseFile.0/a", 0644, NULL, bytes, 512 + length);
	kh_str_done(&records);
}

static void a_sparse_bomb_is_refused(void **state)
{
	(void)state;
	add_sparse("1099511627776", "0\n", "", 0);
	assert_tar_refused(
		"member 'a/sparse': with it the tree would have more bytes than are allowed");
}

static void a_small_sparse_file_has_its_size(void **state)
{
	struct stat status;
	(void)state;
	add_sparse("100000", "1\n4096\n3\n", "abc", 3);
	tarball_end(&tar);
	must_unpack(&tar);
	assert_int_equal(fstatat(tree_fd, "a/sparse", &status, 0), 0);
	assert_int_equal(status.st_size, 100000);
	assert_int_equal(extracted.unpacked_bytes, 100000);
}

static void too_many_members_are_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 101; i++) {
		kh_auto(kh_free) char *name = kh_printf("f%d", i);
		tarball_file(&tar, name, 0644, "");
	}
	assert_tar_refused("member 'f100': more members than are allowed");
	/* Directories that no member names count, too. */
	for (int i = 0; i < 10; i++) {
		kh_auto(kh_free) char *name = kh_printf("%d/a/b/c/d/e/f/g/h/i/j/k", i);
		tarball_file(&tar, name, 0644, "");
	}
	assert_tar_refused("member '9/a/b/c/d/e/f/g/h/i/j/k': more members than are allowed");
}

static void an_archive_that_is_all_air_is_refused(void **state)
{
	struct kh_str zeros = {0}, packed = {0};
	kh_auto(kh_free) char *piece = kh_alloc(1 << 20);
	(void)state;
	job.unpacked_bytes = 8LL << 30;
	job.tree_fd = -1; /* decoded only */
	/* As much as is looked at, and a little more. */
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t out[65536];
	assert_int_equal(lzma_easy_encoder(&stream, 0, LZMA_CHECK_NONE), LZMA_OK);
	for (int i = 0; i <= KH_EXTRACT_RATIO_FROM_MIB + 1; i++) {
		bool is_last = i == KH_EXTRACT_RATIO_FROM_MIB + 1;
		lzma_ret status = LZMA_OK;
		stream.next_in = (const uint8_t *)piece;
		stream.avail_in = 1 << 20;
		while (status == LZMA_OK && (stream.avail_in > 0 || is_last)) {
			stream.next_out = out;
			stream.avail_out = sizeof(out);
			status = lzma_code(&stream, is_last ? LZMA_FINISH : LZMA_RUN);
			kh_str_add_bytes(&packed, out, sizeof(out) - stream.avail_out);
		}
	}
	lzma_end(&stream);
	assert_refused(&packed, "the archive unpacks to more than 200 times its size");
	kh_str_done(&packed);
	kh_str_done(&zeros);
}

/* ---- locked in ---- */

/* What a confined child can do: its exit status, or 128 + signal. */
static int try_confined(int (*attempt)(void), bool has_tree)
{
	pid_t child = fork();
	if (child == 0) {
		struct kh_strv active = {0};
		const int fds[] = {STDIN_FILENO};
		const struct kh_confine confine = {.fds = fds,
						   .fd_count = 1,
						   .tree_fd = has_tree ? tree_fd : -1,
						   .file_bytes = 1000};
		if (kh_confine_apply(&confine, &active, &err) != 0)
			_exit(100);
		if (!kh_strv_has(&active, "seccomp"))
			_exit(77);
		_exit(attempt());
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int start_program(void)
{
	char *argv[] = {(char *)"true", NULL};
	execv("/bin/true", argv);
	return 1;
}

static int fork_once(void)
{
	return fork() >= 0 ? 0 : 1;
}

static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED
		       ? 0
		       : 1;
}

static int kill_parent(void)
{
	return kill(getppid(), 0) == 0 ? 0 : 1;
}

static int write_below(void)
{
	int fd = openat(tree_fd, "made", O_WRONLY | O_CREAT | O_EXCL, 0644);
	return fd >= 0 && write(fd, "made", 4) == 4 && mkdirat(tree_fd, "dir", 0755) == 0 &&
			       symlinkat("made", tree_fd, "link") == 0
		       ? 0
		       : 1;
}

static int write_too_much(void)
{
	static const char bytes[2000];
	signal(SIGXFSZ, SIG_IGN);
	int fd = openat(tree_fd, "big", O_WRONLY | O_CREAT | O_EXCL, 0644);
	return fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 1;
}

static int use_other_descriptor(void)
{
	return fcntl(STDOUT_FILENO, F_GETFD) >= 0 ? 0 : 1;
}

static void the_process_that_unpacks_can_do_nothing_else(void **state)
{
	enum { KILLED = 128 + SIGSYS };
	(void)state;
	if (try_confined(write_below, true) == 77)
		skip(); /* this kernel or architecture has no seccomp filters */
	assert_text("/made", "made");
	assert_int_equal(try_confined(make_socket, true), KILLED);
	assert_int_equal(try_confined(start_program, true), KILLED);
	assert_int_equal(try_confined(fork_once, true), 1);
	assert_int_equal(try_confined(map_code, true), 1);
	assert_int_equal(try_confined(kill_parent, true), 1);
	assert_int_equal(try_confined(write_too_much, true), 1);
	assert_int_equal(try_confined(use_other_descriptor, true), 1);
}

static char *outside;

static int read_outside(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 1;
}

static int write_outside(void)
{
	return open(outside, O_WRONLY | O_CREAT, 0644) >= 0 ? 0 : 1;
}

static int climb_out(void)
{
	return openat(tree_fd, "../kvmhost-test-escape", O_WRONLY | O_CREAT, 0644) >= 0 ? 0 : 1;
}

static void with_landlock_no_other_file_is_reachable(void **state)
{
	(void)state;
	long version = syscall(444, NULL, 0, 1);
	if (version < 1)
		skip(); /* this kernel has no Landlock */
	outside = kh_printf("%s.outside", place.path);
	assert_int_equal(try_confined(read_outside, true), 1);
	assert_int_equal(try_confined(write_outside, true), 1);
	assert_int_equal(try_confined(climb_out, true), 1);
	assert_int_equal(try_confined(write_below, true), 0);
	assert_int_equal(access(outside, F_OK), -1);
	fixture_remove(&place, "/made");
	/* Without a tree there is nothing to write at all. */
	assert_int_equal(try_confined(write_below, false), 1);
	kh_free(&outside);
}

/* ---- what else is pure ---- */

static void redirects_never_lead_from_https_to_http(void **state)
{
	(void)state;
	assert_null(kh_get_hop_fault("https://a/", "https://b/"));
	assert_null(kh_get_hop_fault("http://a/", "https://b/"));
	assert_null(kh_get_hop_fault("http://a/", "http://b/"));
	assert_string_equal(kh_get_hop_fault("https://a/", "http://a/"),
			    "a redirect from https to plain http");
	assert_string_equal(kh_get_hop_fault("HTTPS://a/", "HTTP://a/"),
			    "a redirect from https to plain http");
	assert_non_null(kh_get_hop_fault("http://a/", "file:///etc/passwd"));
	assert_non_null(kh_get_hop_fault("http://a/", "gopher://a/"));
}

static void pauses_double_have_a_bound_and_jitter(void **state)
{
	(void)state;
	assert_int_equal(kh_get_pause_ms(1000, 1, 0), 500);
	assert_int_equal(kh_get_pause_ms(1000, 1, 1), 1000);
	assert_int_equal(kh_get_pause_ms(1000, 4, 1), 8000);
	assert_int_equal(kh_get_pause_ms(1000, 60, 1), 60000);
}

static void passwords_are_not_shown(void **state)
{
	(void)state;
	kh_auto(kh_free) char *secret = kh_get_shown("https://me:p@ss@host/a@b");
	kh_auto(kh_free) char *plain = kh_get_shown("https://host/a@b");
	assert_string_equal(secret, "https://host/a@b");
	assert_string_equal(plain, "https://host/a@b");
}

static int judge(const char *status, char **ret_signer)
{
	kh_error_done(&err);
	err = (struct kh_error)KH_ERROR_INIT;
	return kh_gpgv_judge(status, ret_signer, &err);
}

static void only_good_signatures_count(void **state)
{
	kh_auto(kh_free) char *signer = NULL;
	(void)state;
	assert_int_equal(judge("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG ABCD A Name <a@b>\n"
			       "[GNUPG:] VALIDSIG FFFF 2023-01-16 1673869547 0 4\n",
			       &signer),
			 0);
	assert_string_equal(signer, "A Name <a@b> (FFFF)");
	assert_int_equal(judge("[GNUPG:] GOODSIG ABCD A Name\n", &signer), -1);
	assert_int_equal(judge("", &signer), -1);
	assert_string_equal(err.message, "signature: the file of the signature has none");
	assert_int_equal(
		judge("[GNUPG:] ERRSIG ABCD 1 8 00 1 9\n[GNUPG:] NO_PUBKEY ABCD\n", &signer), -1);
	assert_string_equal(err.message,
			    "signature: made by key ABCD, which is not in the keyring");
	assert_int_equal(judge("[GNUPG:] BADSIG ABCD A Name\n", &signer), -1);
	assert_non_null(strstr(err.message, "the signature is bad"));
	/* A good one does not make up for a bad one. */
	assert_int_equal(judge("[GNUPG:] GOODSIG ABCD A\n[GNUPG:] VALIDSIG FFFF d 1\n"
			       "[GNUPG:] BADSIG BBBB B\n",
			       &signer),
			 -1);
	assert_int_equal(judge("[GNUPG:] REVKEYSIG ABCD A\n[GNUPG:] VALIDSIG FFFF d 1\n", &signer),
			 -1);
	assert_int_equal(judge("[GNUPG:] EXPSIG ABCD A\n[GNUPG:] VALIDSIG FFFF d 1\n", &signer),
			 -1);
	/* A name that says what a line could say. */
	assert_int_equal(judge("[GNUPG:] NOTATION_DATA GOODSIG ABCD A\n", &signer), -1);
}

static void a_key_that_expired_later_still_counts(void **state)
{
	kh_auto(kh_free) char *signer = NULL;
	(void)state;
	assert_int_equal(judge("[GNUPG:] KEYEXPIRED 2000\n[GNUPG:] EXPKEYSIG ABCD A\n"
			       "[GNUPG:] VALIDSIG FFFF 2023-01-16 1999 0 4\n",
			       &signer),
			 0);
	assert_string_equal(signer, "A (FFFF), with a key that has expired since");
	kh_free(&signer);
	assert_int_equal(judge("[GNUPG:] KEYEXPIRED 2000\n[GNUPG:] EXPKEYSIG ABCD A\n"
			       "[GNUPG:] VALIDSIG FFFF 2023-01-16 2000 0 4\n",
			       &signer),
			 -1);
	assert_string_equal(err.message, "signature: the key had expired when it signed");
	assert_int_equal(judge("[GNUPG:] EXPKEYSIG ABCD A\n[GNUPG:] VALIDSIG FFFF d 1\n", &signer),
			 -1);
}

static void armor_is_taken_off_keyrings(void **state)
{
	struct kh_str text = {0}, bytes = {0};
	(void)state;
	kh_str_add(&text, "a comment\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\n"
			  "aGVs\nbG8s\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
			  "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nIHlvdQ==\r\n"
			  "=abcd\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n");
	assert_int_equal(kh_signature_dearmor(&text, &bytes, &err), 0);
	assert_string_equal(bytes.text, "hello, you");
	kh_str_done(&bytes);
	kh_str_done(&text);
	kh_str_add(&text, "\x99\x01 binary stays");
	assert_int_equal(kh_signature_dearmor(&text, &bytes, &err), 0);
	assert_string_equal(bytes.text, "\x99\x01 binary stays");
	kh_str_done(&bytes);
	kh_str_done(&text);
	kh_str_add(&text, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\naGV!\n");
	assert_int_equal(kh_signature_dearmor(&text, &bytes, &err), -1);
	kh_str_done(&bytes);
	kh_str_done(&text);
	kh_str_add(&text, "root:x:0:0\n");
	assert_int_equal(kh_signature_dearmor(&text, &bytes, &err), -1);
	assert_string_equal(err.message, "keyring: there is no OpenPGP public key in it");
	kh_str_done(&text);
}

static void a_job_without_a_digest_is_refused(void **state)
{
	struct kh_job read_job;
	(void)state;
	json_t *object = json_pack("{s:s, s:s, s:i}", "name", "a", "sha256", "abc", "work_fd", 3);
	assert_int_equal(kh_job_read(object, &read_job, &err), -1);
	assert_string_equal(err.message, "job: 'sha256' is not a digest: 'abc'");
	json_decref(object);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_honest_archive_is_unpacked),
		TEST(a_top_stays_when_it_is_wanted_or_not_the_only_one),
		TEST(names_of_other_alphabets_and_long_ones_come_out_right),
		TEST(every_compression_gives_the_same),
		TEST(a_source_package_is_unpacked_whatever_packed_it),
		TEST(hostile_members_of_a_package_are_refused),
		TEST(a_cpio_archive_is_only_taken_from_a_package),
		TEST(what_is_wrong_with_xz_is_said),
		TEST(the_uncompressed_stream_is_handed_on_whole),
		TEST(what_is_no_archive_is_refused),
		TEST(a_tar_that_is_cut_off_is_refused),
		TEST(bytes_after_the_end_are_refused),
		TEST(names_that_lead_out_are_refused),
		TEST(names_too_deep_or_too_long_are_refused),
		TEST(links_that_lead_out_are_refused),
		TEST(a_link_out_of_the_directory_that_is_taken_off_is_refused),
		TEST(nothing_is_written_through_a_link),
		TEST(what_is_no_file_is_refused),
		TEST(too_many_bytes_are_refused),
		TEST(a_sparse_bomb_is_refused),
		TEST(a_small_sparse_file_has_its_size),
		TEST(too_many_members_are_refused),
		TEST(an_archive_that_is_all_air_is_refused),
		TEST(the_process_that_unpacks_can_do_nothing_else),
		TEST(with_landlock_no_other_file_is_reachable),
		TEST(redirects_never_lead_from_https_to_http),
		TEST(pauses_double_have_a_bound_and_jitter),
		TEST(passwords_are_not_shown),
		TEST(only_good_signatures_count),
		TEST(a_key_that_expired_later_still_counts),
		TEST(armor_is_taken_off_keyrings),
		TEST(a_job_without_a_digest_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
