/* fuzz_archive.c - unpacking any bytes: whatever they are, nothing leads out of the tree.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. A corpus file starts with a letter: a an archive as it is, t a tar
 * whose header checksums are put right first, so that changed headers get through, k a keyring, s
 * what gpgv says.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sweep.h"
#include "core/base/sys.h"
#include "fetch/extract.h"
#include "fetch/signature.h"
#include "tests/lib/replay.h"

enum { BLOCK = 512, SUM_AT = 148, SUM_SIZE = 8, MAGIC_AT = 257 };

static void must(bool is_fine, const char *what)
{
	if (is_fine)
		return;
	fprintf(stderr, "fuzz_archive: %s: %s\n", what, strerror(errno));
	abort();
}

/* ---- what is in the tree afterwards ---- */

static void look_at_link(int tree_fd, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	int fd = (int)syscall(SYS_openat2, tree_fd, path, &how, sizeof(how));
	must(fd >= 0 || errno != EXDEV, path);
	if (fd >= 0)
		close(fd);
}

static void look(int tree_fd, const char *path)
{
	int fd = openat(tree_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	kh_auto(kh_closedir) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	must(dir != NULL, path);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct stat status;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		kh_auto(kh_free) char *below = kh_printf("%s/%s", path, entry->d_name);
		must(fstatat(tree_fd, below, &status, AT_SYMLINK_NOFOLLOW) == 0, below);
		must((status.st_mode & (S_ISUID | S_ISGID)) == 0, below);
		must(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode),
		     below);
		if (S_ISDIR(status.st_mode))
			look(tree_fd, below);
		if (S_ISLNK(status.st_mode))
			look_at_link(tree_fd, below);
	}
}

/* ---- the targets ---- */

static void try_archive(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/kvmhost-fuzz.XXXXXX";
	char shared[] = "/dev/shm/kvmhost-fuzz.XXXXXX";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_extracted_done) struct kh_extracted extracted = {0};
	char *dir = access("/dev/shm", W_OK) == 0 ? mkdtemp(shared) : mkdtemp(path);
	must(dir != NULL, "temporary directory");
	kh_auto(kh_close) int tree_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kh_auto(kh_close) int in_fd = memfd_create("archive", MFD_CLOEXEC);
	must(tree_fd >= 0 && in_fd >= 0 && kh_sys_write_all(in_fd, data, size, "archive") == 0 &&
		     lseek(in_fd, 0, SEEK_SET) == 0,
	     "archive");
	const struct kh_extract_job job = {.in_fd = in_fd,
					   .tree_fd = tree_fd,
					   .tar_fd = -1,
					   .threads = 1,
					   .unpacked_bytes = 1 << 20,
					   .entries = 200};
	if (kh_extract_run(&job, &extracted, &err) != 0)
		must(err.message != NULL, "an error without a message");
	look(tree_fd, ".");
	must(kh_sweep_tree(AT_FDCWD, dir) == 0, dir);
}

static void put_right(uint8_t *header)
{
	unsigned sum = SUM_SIZE * ' ';
	char text[SUM_SIZE + 1];
	for (int i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? 0 : header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + SUM_AT, text, SUM_SIZE);
}

static void try_tar(const uint8_t *data, size_t size)
{
	kh_auto(kh_free) uint8_t *copy = kh_alloc(size + 1);
	memcpy(copy, data, size);
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK)
		if (memcmp(copy + at + MAGIC_AT, "ustar", 5) == 0)
			put_right(copy + at);
	try_archive(copy, size);
}

static void try_keyring(const uint8_t *data, size_t size)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_str_done) struct kh_str text = {0}, bytes = {0};
	kh_str_add_bytes(&text, data, size);
	if (kh_signature_dearmor(&text, &bytes, &err) == 0)
		must(bytes.length > 0, "a keyring of nothing");
}

static void try_status(const uint8_t *data, size_t size)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = kh_strndup((const char *)data, size), *signer = NULL;
	if (kh_gpgv_judge(text, &signer, &err) == 0)
		must(strstr(text, "VALIDSIG") != NULL, "good without a valid signature");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 't')
		try_tar(data + 1, size - 1);
	else if (data[0] == 'k')
		try_keyring(data + 1, size - 1);
	else if (data[0] == 's')
		try_status(data + 1, size - 1);
	else
		try_archive(data + 1, size - 1);
	return 0;
}

#ifndef KH_LIBFUZZER
int main(int argc, char **argv)
{
	const struct replay replay = {LLVMFuzzerTestOneInput, "tests/fuzz/corpus/archive", 400};
	return replay_main(&replay, argc, argv);
}
#endif
