/* test_hostile_files.c - every file that a full plan, report and apply opens, replaced in turn by
 * what should not be there: the program ends within seconds, without a crash, and apply destroys
 * nothing that it did not understand.
 *
 * The files are not listed here: they are seen while the program runs (tests/lib/spy.h). A sample
 * of hosts and of pairs is tried; KVMHOST_LONG=1 tries all of them, KVMHOST_ROOT=NAME one host.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tests/lib/hostile.h"

/* ---- what can be there ---- */

/* Each puts itself in the place of the file: dir_fd is the directory, text what was in the file. */
struct nasty {
	const char *name;
	int (*put)(const struct hostile *host, const char *path, const char *text, size_t length);
	bool is_text; /* its bytes must survive an edit */
};

static int put_fifo(const struct hostile *host, const char *path, const char *text, size_t length)
{
	(void)host;
	(void)text;
	(void)length;
	return mkfifo(path, 0644);
}

static int put_device(const struct hostile *host, const char *path, const char *text, size_t length)
{
	(void)host;
	(void)text;
	(void)length;
	return mknod(path, S_IFCHR | 0644, makedev(1, 5)); /* /dev/zero never ends */
}

static int put_directory(const struct hostile *host, const char *path, const char *text,
			 size_t length)
{
	(void)host;
	(void)text;
	(void)length;
	return mkdir(path, 0755);
}

static int put_link_out(const struct hostile *host, const char *path, const char *text,
			size_t length)
{
	(void)text;
	(void)length;
	kh_auto(kh_free) char *target = kh_printf("%s/file", host->outside);
	return symlink(target, path);
}

static int put_link_loop(const struct hostile *host, const char *path, const char *text,
			 size_t length)
{
	(void)host;
	(void)text;
	(void)length;
	return symlink(strrchr(path, '/') + 1, path);
}

static int write_file(const char *path, const struct kh_str *bytes, off_t size)
{
	kh_auto(kh_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || kh_sys_write_all(fd, kh_str_text(bytes), bytes->length, path) != 0)
		return -1;
	return size > 0 ? ftruncate(fd, size) : 0;
}

static int put_huge(const struct hostile *host, const char *path, const char *text, size_t length)
{
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add_bytes(&bytes, text, length);
	return write_file(path, &bytes, (off_t)1 << 30);
}

static int put_nul(const struct hostile *host, const char *path, const char *text, size_t length)
{
	static const char tail[] = "\0\n# behind the NUL\n";
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add_bytes(&bytes, text, length);
	kh_str_add_bytes(&bytes, tail, sizeof(tail) - 1);
	return write_file(path, &bytes, 0);
}

static int put_no_newline(const struct hostile *host, const char *path, const char *text,
			  size_t length)
{
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add_bytes(&bytes, text, length);
	kh_str_add(&bytes, "# no newline at the end");
	return write_file(path, &bytes, 0);
}

static int put_crlf(const struct hostile *host, const char *path, const char *text, size_t length)
{
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	for (size_t i = 0; i < length; i++)
		kh_str_add_bytes(&bytes, text[i] == '\n' ? "\r\n" : &text[i],
				 text[i] == '\n' ? 2 : 1);
	kh_str_add(&bytes, "# a line of DOS\r\n");
	return write_file(path, &bytes, 0);
}

static int put_odd_bytes(const struct hostile *host, const char *path, const char *text,
			 size_t length)
{
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add(&bytes, "# \xff\xfe\xc3(\xed\xa0\x80\x1b[2J\n");
	kh_str_add_bytes(&bytes, text, length);
	kh_str_add(&bytes, "# \xf0\x28\x8c\xbc\xfc\n");
	return write_file(path, &bytes, 0);
}

static int put_long_line(const struct hostile *host, const char *path, const char *text,
			 size_t length)
{
	enum { BYTES = 1 << 20 };
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_auto(kh_free) char *line = kh_alloc(BYTES + 1);
	memset(line, 'a', BYTES);
	kh_str_add_bytes(&bytes, text, length);
	kh_str_add(&bytes, "# ");
	kh_str_add(&bytes, line);
	return write_file(path, &bytes, 0);
}

static int put_nothing(const struct hostile *host, const char *path, const char *text,
		       size_t length)
{
	(void)host;
	(void)text;
	(void)length;
	return write_file(path, &(struct kh_str){0}, 0);
}

static int put_shut(const struct hostile *host, const char *path, const char *text, size_t length)
{
	(void)host;
	kh_auto(kh_str_done) struct kh_str bytes = {0};
	kh_str_add_bytes(&bytes, text, length);
	return write_file(path, &bytes, 0) == 0 ? chmod(path, 0) : -1;
}

static const struct nasty nasties[] = {
	{"a FIFO", put_fifo, false},
	{"a device", put_device, false},
	{"a directory", put_directory, false},
	{"a link that leads out", put_link_out, false},
	{"a link in a circle", put_link_loop, false},
	{"1 GiB", put_huge, false},
	{"NUL bytes", put_nul, true},
	{"no newline at the end", put_no_newline, true},
	{"CRLF", put_crlf, true},
	{"invalid UTF-8", put_odd_bytes, true},
	{"a line of a MiB", put_long_line, true},
	{"an empty file", put_nothing, true},
	{"a file nobody may read", put_shut, true},
};

/* ---- which files ---- */

static void add_below(const struct hostile *host, const struct spy *spy, struct kh_strv *files)
{
	size_t length = strlen(host->fixture.path);
	for (size_t i = 0; i < spy->opened.count; i++) {
		const char *path = spy->opened.items[i] + length;
		struct stat status;
		if (strncmp(spy->opened.items[i], host->fixture.path, length) == 0 &&
		    lstat(spy->opened.items[i], &status) == 0 && S_ISREG(status.st_mode) &&
		    !kh_strv_has(files, path))
			kh_strv_add(files, path);
	}
}

static void see(struct hostile *host, struct kh_strv *files, const char *name, ...)
{
	struct spy spy;
	const char *reason = NULL;
	va_list words;
	va_start(words, name);
	int result = hostile_watch(host, &spy, &reason, name, words);
	va_end(words);
	if (result != 0) {
		print_message("[  SKIPPED ] %s\n", reason);
		skip();
	}
	add_below(host, &spy, files);
	spy_done(&spy);
}

/* ---- one file, one nastiness ---- */

static bool is_ours(const char *path)
{
	return strstr(path, "kvmhost") != NULL;
}

/* Type, target and bytes; what is large or special is told by its state. */
static char *fingerprint(const char *path)
{
	struct stat status;
	char target[512] = "", digest[KH_DIGEST_SIZE] = "";
	if (lstat(path, &status) != 0)
		return kh_strdup("absent");
	if (S_ISLNK(status.st_mode) && readlink(path, target, sizeof(target) - 1) < 0)
		return kh_strdup("?");
	kh_auto(kh_close) int fd = S_ISREG(status.st_mode) && status.st_size < (4 << 20)
					   ? open(path, O_RDONLY | O_CLOEXEC)
					   : -1;
	if (fd >= 0)
		kh_digest_fd(fd, digest);
	return kh_printf("%o %lld %s %s", (unsigned)status.st_mode, (long long)status.st_size,
			 target, digest);
}

static void end_well(struct hostile *host, const char *path, const struct nasty *nasty,
		     const char *name, const char *word)
{
	struct spy spy;
	hostile_run(host, &spy, name, word, NULL);
	kh_auto(kh_free) char *said = hostile_output(host);
	if (spy.timed_out || spy.status > 7)
		fail_msg("'%s' is %s: kvmhost %s: %s %d\n%s", path, nasty->name, name,
			 spy.timed_out ? "no end" : "exit status", spy.status, said);
	if (spy.status >= 2 && !strstr(said, "kvmhost: "))
		fail_msg("'%s' is %s: kvmhost %s: exit status %d and no message\n%s", path,
			 nasty->name, name, spy.status, said);
	if (strstr(said, "\x1b["))
		fail_msg("'%s' is %s: kvmhost %s: an escape sequence", path, nasty->name, name);
}

/* The addresses of NetworkManager's profile move to the bridge with their whole sections, and a
 * comment at the end of the file is the last section's; a file of routes becomes the bridge's as a
 * whole. */
static bool has_moving_end(const char *path)
{
	return strstr(path, "/system-connections/") || strstr(path, "/network-scripts/route");
}

/* Every line that was there is there still. */
static void check_lines(const char *path, const struct nasty *nasty, const char *before,
			size_t length)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_free) char *after = NULL;
	size_t after_length = 0;
	assert_int_equal(kh_root_open("/", &root, &err), 0);
	if (kh_root_read(&root, path, &after, &after_length, &err) != 0)
		fail_msg("'%s' was %s: gone after apply", path, nasty->name);
	const char *const marks[] = {"# behind the NUL\n", "# no newline at the end",
				     "# a line of DOS\r\n", "\xff\xfe\xc3(\xed\xa0\x80\x1b[2J\n",
				     "\xf0\x28\x8c\xbc\xfc\n"};
	for (size_t i = 0; i < KH_COUNT(marks); i++)
		if (memmem(before, length, marks[i], strlen(marks[i])) &&
		    !memmem(after, after_length, marks[i], strlen(marks[i])))
			fail_msg("'%s' had %s: not any more after apply", path, nasty->name);
}

static void check_after_apply(const char *full, const struct nasty *nasty, const char *before)
{
	kh_auto(kh_free) char *after = fingerprint(full);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	if (!nasty->is_text && strcmp(before, after) != 0)
		fail_msg("'%s' was %s: apply made %s of %s", full, nasty->name, after, before);
}

/* Returns false when this cannot be put there by us. */
static bool put_nasty(const struct hostile *host, const char *full, const struct nasty *nasty,
		      const struct kh_str *text)
{
	if (unlink(full) != 0)
		return false;
	return nasty->put(host, full, kh_str_text(text), text->length) == 0;
}

static void try_one(struct hostile *host, const char *path, const struct nasty *nasty)
{
	kh_auto(kh_free) char *full = kh_printf("%s%s", host->fixture.path, path);
	kh_auto(kh_free) char *away = kh_printf("%s.away", host->output);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_auto(kh_free) char *was = NULL, *now = NULL, *put = NULL;
	size_t length = 0, put_length = 0;
	if (kh_root_read(&host->fixture.root, path, &was, &length, &err) != 0)
		return;
	kh_str_add_bytes(&text, was, length);
	assert_int_equal(link(full, away), 0);
	if (put_nasty(host, full, nasty, &text)) {
		kh_auto(kh_free) char *before = fingerprint(full);
		if (nasty->is_text)
			kh_root_read(&host->fixture.root, path, &put, &put_length, &err);
		end_well(host, path, nasty, "report", NULL);
		end_well(host, path, nasty, "apply", "--yes");
		if (!is_ours(path))
			check_after_apply(full, nasty, before);
		if (!is_ours(path) && !has_moving_end(path) && put)
			check_lines(full, nasty, put, put_length);
		end_well(host, path, nasty, "undo", "--all");
		now = fingerprint(full);
		if (!is_ours(path) && strcmp(before, now) != 0)
			fail_msg("'%s' was %s: after undo it is %s, not %s", path, nasty->name, now,
				 before);
		hostile_check_outside(host);
	}
	fixture_remove(&host->fixture, "/var/lib/kvmhost");
	if (remove(full) != 0 && errno != ENOENT)
		fail_msg("remove '%s'", full);
	assert_int_equal(rename(away, full), 0);
}

/* ---- the tests ---- */

static void try_host(const char *name, size_t step)
{
	struct hostile host;
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	size_t pair = 0;
	hostile_open(&host, name);
	see(&host, &files, "plan", NULL);
	see(&host, &files, "report", NULL);
	see(&host, &files, "apply", "--yes", NULL);
	see(&host, &files, "undo", "--all", NULL);
	fixture_remove(&host.fixture, "/var/lib/kvmhost");
	assert_true(files.count > 20);
	for (size_t f = 0; f < files.count; f++)
		for (size_t n = 0; n < KH_COUNT(nasties); n++)
			if (pair++ % step == 0)
				try_one(&host, files.items[f], &nasties[n]);
	print_message("# %s: %zu files\n", name, files.count);
	hostile_close(&host);
}

/* A number without a factor in common with the number of nasties: all of them come to all files. */
static size_t step(void)
{
	return getenv("KVMHOST_LONG") ? 1 : 37;
}

static void any_file_may_be_anything(void **state)
{
	(void)state;
	static const char *const names[] = {"debian12-ifupdown", "rocky9-bls-nm",
					    "ubuntu2404-netplan", "centos7-ifcfg-bios"};
	const char *only = getenv("KVMHOST_ROOT");
	size_t count = getenv("KVMHOST_LONG") || only ? KH_COUNT(names) : 2;
	for (size_t i = 0; i < count; i++)
		if (!only || strcmp(only, names[i]) == 0)
			try_host(names[i], step());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_file_may_be_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
