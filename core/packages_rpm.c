/* packages_rpm.c - see packages_private.h: the CentOS family, by dnf (4 or 5) or yum.
 *
 * dnf does the removing, so that its own records stay true; before that rpm is asked whether
 * something else needs one of them, for dnf would take that along. Keys that came with the first
 * package of a repository are no packages to dnf: rpm removes them.
 */
#include "core/packages_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/repofile.h"

enum { CHANGE_TIMEOUT_S = 3600, ASK_TIMEOUT_S = 300 };

static const char key_start[] = "gpg-pubkey-";

static int run(struct kh_runner *runner, const struct kh_strv *argv, unsigned timeout_s,
	       struct kh_error *err)
{
	kh_auto(kh_free) const char **words = kh_alloc((argv->count + 1) * sizeof(*words));
	for (size_t i = 0; i < argv->count; i++)
		words[i] = argv->items[i];
	return kh_run(runner, words, timeout_s, NULL, err);
}

static int by_name(const void *a, const void *b)
{
	const struct kh_package *one = a, *two = b;
	return strcmp(one->name, two->name);
}

/* Each key has the same name: its version tells them apart. */
static void name_keys(struct kh_packages *packages)
{
	for (size_t i = 0; i < packages->count; i++) {
		struct kh_package *package = &packages->items[i];
		if (!kh_str_starts(package->name, "gpg-pubkey."))
			continue;
		free(package->name);
		package->name = kh_printf("%s%s", key_start, package->version);
	}
	if (packages->count > 1)
		qsort(packages->items, packages->count, sizeof(*packages->items), by_name);
}

int kh_packages_rpm_read(struct kh_runner *runner, struct kh_packages *ret_packages,
			 struct kh_error *err)
{
	static const char *const argv[] = {"rpm", "-qa", "--queryformat",
					   "Package: %{NAME}.%{ARCH}\\nVersion: "
					   "%{VERSION}-%{RELEASE}\\nStatus: x installed\\n\\n",
					   NULL};
	kh_auto(kh_free) char *text = NULL;
	if (kh_run(runner, argv, ASK_TIMEOUT_S, &text, err) != 0)
		return -1;
	kh_packages_parse_status(text, ret_packages);
	name_keys(ret_packages);
	return 0;
}

/* "dnf" or "yum", and what both take. Source: dnf.conf(5), yum.conf(5). */
static void begin(const struct kh_root *root, struct kh_strv *argv)
{
	kh_auto(kh_free) char *dnf = kh_root_which(root, "dnf");
	kh_strv_add(argv, dnf ? "dnf" : "yum");
	kh_strv_add(argv, "-y");
	/* by itself yum installs what it finds of the names, and is content */
	kh_strv_add(argv, dnf ? "--setopt=install_weak_deps=False"
			      : "--setopt=skip_missing_names_on_install=False");
}

/* dnf 4: "Unable to find a match: ninja-build"; dnf 5: "No match for argument: ninja-build"; yum:
 * "No package ninja-build available." */
static bool is_not_found(const char *message)
{
	return strstr(message, "Unable to find a match") || strstr(message, "No match for arg") ||
	       strstr(message, " available.") || strstr(message, "nothing provides");
}

int kh_packages_rpm_install(const struct kh_root *root, struct kh_runner *runner,
			    const struct kh_strv *names, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	begin(root, &argv);
	kh_strv_add(&argv, "install");
	kh_strv_copy(&argv, names);
	if (run(runner, &argv, CHANGE_TIMEOUT_S, err) == 0)
		return 0;
	kh_auto(kh_free) char *advice = kh_repofile_advice(root);
	return advice && is_not_found(err->message) ? kh_hint(err, "%s", advice) : -1;
}

/* ---- taking back ---- */

/* "	bash is needed by (installed) mine-1.0-1.x86_64" */
static void find_others(const char *text, struct kh_strv *others)
{
	static const char mark[] = "is needed by (installed) ";
	for (const char *at = strstr(text, mark); at; at = strstr(at, mark)) {
		at += strlen(mark);
		kh_auto(kh_free) char *name = kh_strndup(at, strcspn(at, " \t\r\n"));
		if (!kh_strv_has(others, name))
			kh_strv_add(others, name);
	}
}

/* Would something else lose what it needs? Returns 0: no; 1 with a note; -1. */
static int ask(struct kh_runner *runner, const struct kh_strv *names, char **ret_note,
	       struct kh_error *err)
{
	kh_auto(kh_run_result_done) struct kh_run_result result = {0};
	kh_auto(kh_strv_done) struct kh_strv others = {0};
	kh_auto(kh_free) const char **words = kh_alloc((names->count + 4) * sizeof(*words));
	words[0] = "rpm";
	words[1] = "-e";
	words[2] = "--test";
	for (size_t i = 0; i < names->count; i++)
		words[i + 3] = names->items[i];
	if (runner->run(runner, words, ASK_TIMEOUT_S, &result, err) != 0)
		return -1;
	if (result.status == 0)
		return 0;
	find_others(result.output, &others);
	if (others.count == 0)
		return kh_fail(err, KH_PROGRAM, 0, "run 'rpm': exit status %d: %s", result.status,
			       kh_str_trim(result.output));
	kh_auto(kh_free) char *text = kh_strv_join(&others, ", ");
	*ret_note = kh_printf("%zu packages stay: %s came since and need%s some of them",
			      names->count, text, others.count == 1 ? "s" : "");
	return 1;
}

static int remove_packages(const struct kh_root *root, struct kh_runner *runner,
			   const struct kh_strv *names, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	begin(root, &argv);
	/* exactly these: what nobody needs any more may be somebody's all the same */
	kh_strv_add(&argv, "--setopt=clean_requirements_on_remove=False");
	kh_strv_add(&argv, "remove");
	kh_strv_copy(&argv, names);
	return run(runner, &argv, CHANGE_TIMEOUT_S, err);
}

void kh_packages_rpm_remove(const struct kh_root *root, struct kh_runner *runner,
			    const struct kh_strv *names, char **ret_note, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv keys = {0}, packages = {0};
	kh_strv_add(&keys, "rpm");
	kh_strv_add(&keys, "-e");
	for (size_t i = 0; i < names->count; i++)
		kh_strv_add(kh_str_starts(names->items[i], key_start) ? &keys : &packages,
			    names->items[i]);
	if (packages.count > 0 && (ask(runner, &packages, ret_note, err) != 0 ||
				   remove_packages(root, runner, &packages, err) != 0))
		return;
	if (keys.count > 2)
		run(runner, &keys, ASK_TIMEOUT_S, err);
}
