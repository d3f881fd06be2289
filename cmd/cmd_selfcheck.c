/* cmd_selfcheck.c - kvmhost self-check: is this installation whole, and of one piece?
 *
 * Not the host: that is the report. Program and worker of one version, services that run a kvmhost
 * that is there, own templates that are used, directories that can be written. Changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/features.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/template.h"
#include "sources/transfer_start.h"

enum state { GOOD, WARNING, BAD };

struct check {
	const struct kh_options *options;
	struct kh_session session;
	char *directory; /* of this program */
	json_t *findings;
	size_t bad_count;
};

static void check_done(struct check *check)
{
	kh_session_done(&check->session);
	kh_free(&check->directory);
	json_decref(check->findings);
}

static const char *state_name(enum state state)
{
	switch (state) {
	case GOOD:
		return "ok";
	case WARNING:
		return "warn";
	case BAD:
		return "fail";
	}
	return "?";
}

/* text is taken over; fix: what to do, or NULL. */
static void find(struct check *check, enum state state, const char *name, char *text,
		 const char *fix)
{
	json_t *finding = json_pack("{s:s, s:s, s:o}", "check", name, "state", state_name(state),
				    "found", kh_json_text(text));
	if (fix)
		json_object_set_new(finding, "fix", kh_json_text(fix));
	json_array_append_new(check->findings, finding);
	check->bad_count += state == BAD;
	if (check->options->is_json || (check->options->is_quiet && state == GOOD)) {
		kh_free(&text);
		return;
	}
	kh_print(stdout, "%-5s %-10s %s\n", state_name(state), name, text);
	if (fix)
		kh_print(stdout, "                 fix: %s\n", fix);
	kh_free(&text);
}

/* The second word of what `PROGRAM --version` prints, or NULL with why it is not told. Owned. */
static char *version_of(const char *program, struct kh_error *err)
{
	const char *const argv[] = {program, "--version", NULL};
	kh_auto(kh_free) char *output = NULL;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	if (kh_run(&kh_run_system, argv, 10, &output, err) != 0)
		return NULL;
	kh_strv_split(&words, output, " \n");
	if (words.count == 2)
		return kh_strdup(words.items[1]);
	kh_fail(err, KH_PROGRAM, 0, "'%s --version' says '%.80s'", program, output);
	return NULL;
}

/* ---- the two programs ---- */

static void check_program(struct check *check)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[length > 0 ? length : 0] = '\0';
	find(check, GOOD, "program", kh_printf("%s %s", self, KH_VERSION), NULL);
	char *slash = strrchr(self, '/');
	check->directory = kh_strndup(self, slash ? (size_t)(slash - self) : 0);
	find(check, GOOD, "libraries", kh_features_libraries(), NULL);
}

static void check_worker(struct check *check)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (!kh_features_have("fetch")) {
		find(check, WARNING, "worker",
		     kh_strdup(
			     "this kvmhost was built without kvmhost-fetch: nothing can be downloaded"),
		     "import what another host built, or build with libcurl, libarchive, liblzma");
		return;
	}
	kh_auto(kh_free) char *path = kh_transfer_program(&err);
	kh_auto(kh_free) char *version = path ? version_of(path, &err) : NULL;
	if (!version)
		find(check, BAD, "worker", kh_strdup(err.message),
		     "install kvmhost-fetch together with kvmhost, and the libraries it names");
	else if (strcmp(version, KH_VERSION) != 0)
		find(check, BAD, "worker", kh_printf("%s is of version %s", path, version),
		     "install kvmhost-fetch together with kvmhost");
	else
		find(check, GOOD, "worker", kh_printf("%s %s", path, version), NULL);
}

static void check_gpgv(struct check *check)
{
	kh_auto(kh_free) char *path = kh_root_which(&check->session.root, "gpgv");
	if (path)
		find(check, GOOD, "signatures", kh_strdup(path), NULL);
	else
		find(check, WARNING, "signatures", kh_strdup("no gpgv: none can be verified"),
		     "install gpgv (Debian) or gnupg2 (CentOS)");
}

static void check_manual(struct check *check)
{
	static const char *const ends[] = {"", ".gz", ".xz", ".zst"};
	for (size_t i = 0; i < KH_COUNT(ends); i++) {
		kh_auto(kh_free) char *path =
			kh_printf("%s/../share/man/man8/kvmhost.8%s", check->directory, ends[i]);
		if (access(path, R_OK) == 0) {
			find(check, GOOD, "manual", kh_strdup("kvmhost(8)"), NULL);
			return;
		}
	}
	find(check, WARNING, "manual", kh_strdup("kvmhost(8) is not installed beside this program"),
	     "'make install', or the package; 'kvmhost help' has the essentials");
}

static void check_languages(struct check *check)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_strv_add(&names, "en");
	kh_language_list(&names);
	if (names.count > 1 || !kh_features_have("languages"))
		find(check, GOOD, "languages", kh_strv_join(&names, ", "), NULL);
	else
		find(check, WARNING, "languages",
		     kh_strdup("no catalogue is installed beside this program: all is in English"),
		     "'make install', or the package");
}

/* ---- what it uses of the host ---- */

/* Own templates that nothing asks for: a name that was mistyped, or is of another version. */
static void find_unused(const struct check *check, const char *path, struct kh_strv *unused,
			size_t *count)
{
	static const char top[] = "/etc/kvmhost/templates";
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(&check->session.root, path, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *below = kh_printf("%s/%s", path, names.items[i]);
		if (kh_root_is_dir(&check->session.root, below)) {
			find_unused(check, below, unused, count);
			continue;
		}
		(*count)++;
		if (!kh_template_builtin(below + sizeof(top)))
			kh_strv_add(unused, below);
	}
}

static void check_templates(struct check *check)
{
	kh_auto(kh_strv_done) struct kh_strv unused = {0};
	size_t own = 0, built_in = 0;
	for (const struct kh_template_source *at = kh_template_sources; at->path; at++)
		built_in++;
	find_unused(check, "/etc/kvmhost/templates", &unused, &own);
	if (unused.count == 0) {
		find(check, GOOD, "templates",
		     kh_printf("%zu compiled in, %zu of your own", built_in, own), NULL);
		return;
	}
	kh_auto(kh_free) char *names = kh_strv_join(&unused, ", ");
	find(check, WARNING, "templates", kh_printf("nothing uses %s", names),
	     "name them as those they replace: docs/stages.md");
}

/* The program in the first "ExecStart=", or NULL. Owned. */
static char *started_by(const struct kh_root *root, const char *unit)
{
	kh_auto(kh_free) char *text = kh_root_text(root, unit);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	if (text)
		kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *value = lines.items[i] + strlen("ExecStart=");
		if (kh_str_starts(lines.items[i], "ExecStart="))
			return kh_strndup(value, strcspn(value, " "));
	}
	return NULL;
}

static void check_unit(struct check *check, const char *name)
{
	static const char fix[] = "'kvmhost apply' writes the services anew; remove an old kvmhost";
	const struct kh_root *root = &check->session.root;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("/etc/systemd/system/%s", name);
	kh_auto(kh_free) char *program = started_by(root, path);
	if (!program)
		return;
	if (!kh_root_is_executable(root, program)) {
		find(check, BAD, "service",
		     kh_printf("%s starts '%s', which is not there", name, program), fix);
		return;
	}
	kh_auto(kh_free) char *version = root->is_live ? version_of(program, &err) : NULL;
	if (root->is_live && !version)
		find(check, BAD, "service", kh_printf("%s: %s", name, err.message), fix);
	else if (version && strcmp(version, KH_VERSION) != 0)
		find(check, WARNING, "service",
		     kh_printf("%s starts '%s' of version %s", name, program, version), fix);
	else
		find(check, GOOD, "service", kh_printf("%s starts %s", name, program), NULL);
}

/* A directory that need not be there yet: the nearest one that is. */
static void check_directory(struct check *check, const char *path)
{
	const struct kh_root *root = &check->session.root;
	kh_auto(kh_free) char *there = kh_strdup(path);
	while (there[1] && !kh_root_is_dir(root, there)) {
		char *slash = strrchr(there, '/');
		slash[slash == there ? 1 : 0] = '\0';
	}
	kh_auto(kh_close) int fd = kh_root_open_at(root, there, O_RDONLY | O_DIRECTORY);
	struct statvfs system;
	if (fd < 0 || fstatvfs(fd, &system) != 0)
		find(check, geteuid() == 0 ? BAD : WARNING, "directory",
		     kh_printf("%s: %s", there, strerror(errno)), NULL);
	else if ((system.f_flag & ST_RDONLY) != 0)
		find(check, BAD, "directory", kh_printf("%s is on a read-only file system", there),
		     "remount it, or choose another place ('build.store')");
	else
		find(check, GOOD, "directory",
		     kh_printf("%s%s, %llu MiB free", path,
			       strcmp(there, path) == 0 ? "" : " (to be made)",
			       (unsigned long long)system.f_bavail * system.f_frsize >> 20),
		     NULL);
}

static void check_journal(struct check *check)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_history_done) struct kh_history history = {0};
	if (kh_history_read(&check->session.root, &history, &err) == 0)
		find(check, GOOD, "journal", kh_printf("%zu runs", history.run_count), NULL);
	else if (err.sys == EACCES || err.sys == EPERM)
		find(check, WARNING, "journal", kh_strdup("only root may read it"),
		     "run 'sudo kvmhost self-check'");
	else
		find(check, BAD, "journal", kh_strdup(err.message), err.hint);
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(check_done) struct check check = {
		.options = options, .session = {.root = KH_ROOT_INIT}, .findings = json_array()};
	if (kh_session_open(options, false, &check.session, err) != 0)
		return -1;
	check_program(&check);
	check_worker(&check);
	check_gpgv(&check);
	check_manual(&check);
	check_languages(&check);
	check_templates(&check);
	check_unit(&check, "kvmhost-guard.service");
	check_unit(&check, "kvmhost-confirm.service");
	check_directory(&check, kh_state_dir);
	check_directory(&check, check.session.config.build.store);
	check_directory(&check, "/var/log/kvmhost");
	check_journal(&check);
	if (options->is_json)
		kh_print_json(json_pack("{s:s, s:O, s:b}", "version", KH_VERSION, "findings",
					check.findings, "good", check.bad_count == 0));
	else if (check.bad_count == 0)
		kh_print(stdout, "this installation is good\n");
	else
		kh_print(stdout, "this installation is not whole\n");
	return check.bad_count == 0 ? KH_OK : KH_FINDINGS;
}

const struct kh_command kh_command_self_check = {
	.name = "self-check",
	.arguments = "",
	.summary = "is this installation of kvmhost itself whole?",
	.options = KH_OPTION_JSON,
	.run = run,
};
