/* rehearsal.c - see rehearsal.h: planning it, and carrying it out. */
#include "platform/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/base/tree.h"
#include "core/engine.h"
#include "platform/build_log.h"
#include "platform/sandbox.h"

enum { MOST_MIB = 2048, LEAST_MIB = 768, SHOWN_LINES = 12, MOST_LINES = 20000 };
static const char dir_name[] = "rehearsal";

/* ---- carrying it out ---- */

struct show {
	const struct kh_making *making;
	const char *release;
	struct kh_sandbox sandbox;
	char *path; /* of its directory, below the root */
	struct kh_strv modules, console;
	size_t must_count;
};

static void show_done(struct show *show)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (show->path)
		kh_tree_remove(show->making->root, show->path, NULL, &ignored);
	kh_free(&show->path);
	kh_sandbox_done(&show->sandbox);
	kh_strv_done(&show->modules);
	kh_strv_done(&show->console);
}

static char *below_root(const struct show *show, const char *path)
{
	const char *root = show->making->root->host_path;
	return kh_printf("%s%s", strcmp(root, "/") == 0 ? "" : root, path);
}

/* Of a file in the rehearsal's directory. */
static char *host_path(const struct show *show, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", show->path, name);
	return below_root(show, path);
}

static void keep_line(void *data, const char *line)
{
	struct show *show = data;
	if (show->console.count < MOST_LINES)
		kh_strv_add(&show->console, line);
}

/* An initramfs may hold secrets: root's, and readable for the account's group only. */
static int create(const struct show *show, const char *name, struct kh_error *err)
{
	kh_auto(kh_free) char *path = host_path(show, name);
	int fd = kh_sys_create(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       0640);
	if (fd < 0 || (geteuid() == 0 && kh_sys_fchown(fd, 0, show->sandbox.gid, path) != 0))
		kh_fail(err, KH_SYSTEM, errno, "write '%s'", path);
	return err->message ? -1 : fd;
}

static int copy(const struct show *show, const char *from, int to, struct kh_error *err)
{
	char block[1 << 16];
	ssize_t got;
	kh_auto(kh_close) int fd =
		kh_root_open_at(show->making->root, from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return kh_fail(err, KH_SYSTEM, fd < 0 ? errno : EINVAL, "read '%s'", from);
	while ((got = read(fd, block, sizeof(block))) > 0)
		if (kh_sys_write_all(to, block, (size_t)got, from) != 0)
			return kh_fail(err, KH_SYSTEM, errno, "copy '%s'", from);
	return got < 0 ? kh_fail(err, KH_SYSTEM, errno, "read '%s'", from) : 0;
}

static char *find_initramfs(const struct show *show)
{
	static const char *const forms[] = {"/boot/initrd.img-%s", "/boot/initramfs-%s.img",
					    "/boot/initrd-%s"};
	for (size_t i = 0; i < KH_COUNT(forms); i++) {
		const char *rest = strstr(forms[i], "%s");
		char *path = kh_printf("%.*s%s%s", (int)(rest - forms[i]), forms[i], show->release,
				       rest + 2);
		if (kh_root_exists(show->making->root, path))
			return path;
		kh_free(&path);
	}
	return NULL;
}

static int put_kernel(const struct show *show, struct kh_error *err)
{
	kh_auto(kh_free) char *kernel = kh_printf("/boot/vmlinuz-%s", show->release);
	kh_auto(kh_close) int fd = create(show, "kernel", err);
	return fd < 0 ? -1 : copy(show, kernel, fd, err);
}

/* The second archive begins at a multiple of four. */
static int put_initramfs(const struct show *show, const char *initramfs, struct kh_error *err)
{
	size_t length = 0;
	static const char zeros[4] = {0};
	kh_auto(kh_free) char *archive = kh_rehearsal_archive(&show->modules, &length);
	kh_auto(kh_close) int fd = create(show, "initramfs", err);
	if (fd < 0 || copy(show, initramfs, fd, err) != 0)
		return -1;
	off_t end = lseek(fd, 0, SEEK_CUR);
	if (end < 0 || kh_sys_write_all(fd, zeros, (size_t)(-end & 3), initramfs) != 0 ||
	    kh_sys_write_all(fd, archive, length, initramfs) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "write the initramfs of the rehearsal");
	return 0;
}

static int prepare(struct show *show, const char *initramfs, struct kh_error *err)
{
	const struct kh_making *making = show->making;
	kh_auto(kh_free) char *log = kh_build_log_path(making->root, making->config, dir_name);
	if (kh_sandbox_open(making->root, making->config, log, &show->sandbox, err) != 0)
		return -1;
	show->path = kh_printf("%s/build/%s", making->config->build.store, dir_name);
	kh_auto(kh_free) char *dir = below_root(show, show->path);
	if (kh_tree_remove(making->root, show->path, NULL, err) != 0 ||
	    kh_sandbox_dir(&show->sandbox, dir, err) != 0)
		return -1;
	return put_kernel(show, err) != 0 ? -1 : put_initramfs(show, initramfs, err);
}

static long long memory_mib(const struct kh_facts *facts)
{
	long long half = facts->memory.available_kib / 2 / 1024;
	return half > MOST_MIB ? MOST_MIB : half;
}

static int run_qemu(struct show *show, const json_t *what, struct kh_error *err)
{
	json_int_t seconds = json_integer_value(json_object_get(what, "seconds"));
	kh_auto(kh_free) char *qemu = below_root(show, kh_json_get(what, "qemu"));
	kh_auto(kh_free) char *limit = kh_printf("%lld", (long long)seconds);
	kh_auto(kh_free) char *memory = kh_printf("%lldM", memory_mib(show->making->facts));
	kh_auto(kh_free) char *kernel = host_path(show, "kernel");
	kh_auto(kh_free) char *initramfs = host_path(show, "initramfs");
	const char *const argv[] = {"timeout",
				    "-k",
				    "5",
				    limit,
				    qemu,
				    "-machine",
				    "q35",
				    "-accel",
				    "kvm",
				    "-accel",
				    "tcg",
				    "-cpu",
				    "max",
				    "-m",
				    memory,
				    "-nodefaults",
				    "-no-user-config",
				    "-no-reboot",
				    "-display",
				    "none",
				    "-monitor",
				    "none",
				    "-net",
				    "none",
				    "-serial",
				    "stdio",
				    "-kernel",
				    kernel,
				    "-initrd",
				    initramfs,
				    "-append",
				    kh_json_get(what, "arguments"),
				    NULL};
	show->sandbox.on_line = keep_line;
	show->sandbox.data = show;
	show->sandbox.timeout_s = (unsigned)seconds + 10;
	return kh_sandbox_run(&show->sandbox, "/", argv, err);
}

static char *last_lines(const struct kh_strv *console)
{
	kh_auto(kh_strv_done) struct kh_strv last = {0};
	size_t first = console->count > SHOWN_LINES ? console->count - SHOWN_LINES : 0;
	for (size_t i = first; i < console->count; i++)
		kh_strv_add(&last, console->items[i]);
	return kh_strv_join(&last, "\n    ");
}

/* Has the kernel said anything? What QEMU itself says begins with its name. */
static bool has_begun(const struct kh_strv *console)
{
	for (size_t i = 0; i < console->count; i++)
		if (!strstr(console->items[i], "qemu") && *console->items[i])
			return true;
	return false;
}

static void warn(const struct kh_making *making, const char *text)
{
	const struct kh_event event = {
		.kind = KH_EVENT_WARNING, .stage = making->stage, .text = text};
	if (making->sink)
		making->sink->event(making->sink, &event);
}

/* QEMU that does not even begin is no fault of the kernel's; one that was stopped is. */
static int judge(struct show *show, bool is_stopped, const struct kh_error *failed,
		 struct kh_error *err)
{
	if (failed->message && !is_stopped && !has_begun(&show->console)) {
		kh_auto(kh_free) char *text =
			kh_printf("not rehearsed: QEMU does not run here: %s", failed->message);
		warn(show->making, text);
		return 0;
	}
	kh_auto(kh_free) char *wrong =
		kh_rehearsal_judge(&show->console, &show->modules, show->must_count);
	if (!wrong)
		return 0;
	kh_auto(kh_free) char *lines = last_lines(&show->console);
	kh_fail(err, KH_HOST, 0,
		"kernel '%s' fails its rehearsal in QEMU: %s; the last lines of its console:\n    %s",
		show->release, wrong, lines);
	return kh_hint(err,
		       "nothing boots it by itself; the whole console is in '%s'; "
		       "'grub.rehearsal: 0' does without",
		       show->sandbox.log_path);
}

static int make(const struct kh_making *making, const json_t *what, struct kh_error *err)
{
	kh_auto(show_done) struct show show = {.making = making,
					       .release = kh_json_get(what, "release")};
	kh_auto(kh_error_done) struct kh_error failed = KH_ERROR_INIT;
	kh_auto(kh_free) char *initramfs = find_initramfs(&show);
	if (!initramfs) {
		warn(making, "not rehearsed: the kernel has no initramfs in /boot");
		return 0;
	}
	show.must_count =
		kh_rehearsal_modules(kh_hardware_read(making->facts->hardware), &show.modules);
	if (prepare(&show, initramfs, err) != 0)
		return kh_wrap(err, "rehearse kernel '%s'", show.release);
	time_t begun = time(NULL);
	int result = run_qemu(&show, what, &failed);
	long long seconds = json_integer_value(json_object_get(what, "seconds"));
	bool is_stopped = result != 0 && time(NULL) - begun >= seconds;
	result = judge(&show, is_stopped, &failed, err);
	kh_build_log_prune(show.sandbox.log_path, dir_name);
	return result;
}

static const struct kh_maker maker = {make};

/* ---- planning it ---- */

static char *find_qemu(const struct kh_context *context)
{
	static const char *const places[] = {"/usr/local/bin/qemu-system-x86_64",
					     "/opt/qemu/bin/qemu-system-x86_64",
					     "/usr/libexec/qemu-kvm", NULL};
	char *found = kh_root_which(context->root, "qemu-system-x86_64");
	const char *other = found ? NULL : kh_root_find_program(context->root, places);
	return found ? found : kh_strdup(other);
}

int kh_rehearsal_plan(const struct kh_context *context, struct kh_plan *plan, const char *release,
		      const char *arguments, struct kh_error *err)
{
	long long seconds = context->config->grub.rehearsal_s;
	kh_auto(kh_free) char *qemu = find_qemu(context);
	if (!context->root->is_live || seconds == 0)
		return 0;
	if (!qemu || memory_mib(context->facts) < LEAST_MIB) {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "kernel '%s' is not rehearsed before its trial: %s", release,
			     qemu ? "too little memory is free" : "there is no QEMU here");
		return 0;
	}
	kh_auto(kh_free) char *name = kh_printf("kernel '%s'", release);
	kh_auto(kh_free) char *given = kh_rehearsal_arguments(arguments ? arguments : "");
	json_t *what = json_pack("{s:o, s:o, s:o, s:I}", "release", kh_json_text(release), "qemu",
				 kh_json_text(qemu), "arguments", kh_json_text(given), "seconds",
				 (json_int_t)seconds);
	return kh_plan_make(plan, KH_CHANGE_REHEARSE, name, &maker, what,
			    "in QEMU, before this host boots it", err);
}
