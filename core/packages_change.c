/* packages_change.c - see packages.h: installing packages and taking them back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/packages_private.h"

enum { INSTALL_TIMEOUT_S = 3600, QUERY_TIMEOUT_S = 300 };

/* Nothing that is there is pushed out for what is wanted: --no-remove. */

/* For packages that come from a directory: gone after the next boot. */
static const char own_lists[] = "/run/kvmhost-apt";

/* ---- running package managers ---- */

static void add_words(struct kh_strv *argv, const char *const *words)
{
	for (; *words; words++)
		kh_strv_add(argv, *words);
}

static int run(struct kh_runner *runner, const struct kh_strv *argv, unsigned timeout_s,
	       char **ret_output, struct kh_error *err)
{
	kh_auto(kh_free) const char **words = kh_alloc((argv->count + 1) * sizeof(*words));
	for (size_t i = 0; i < argv->count; i++)
		words[i] = argv->items[i];
	return kh_run(runner, words, timeout_s, ret_output, err);
}

static int read_now(const struct kh_root *root, struct kh_runner *runner,
		    struct kh_packages *ret_packages, struct kh_error *err)
{
	if (kh_packages_manager(root) == KH_PACKAGES_DNF)
		return kh_packages_rpm_read(runner, ret_packages, err);
	kh_packages_read(root, ret_packages);
	return 0;
}

/* ---- installing ---- */

/* What came, and what has another version now. */
static json_t *compare(const struct kh_packages *before, const struct kh_packages *after)
{
	json_t *came = json_array(), *changed = json_array();
	size_t b = 0;
	for (size_t a = 0; a < after->count; a++) {
		const struct kh_package *now = &after->items[a];
		while (b < before->count && strcmp(before->items[b].name, now->name) < 0)
			b++;
		if (b >= before->count || strcmp(before->items[b].name, now->name) != 0)
			json_array_append_new(came, json_string(now->name));
		else if (strcmp(before->items[b].version, now->version) != 0)
			json_array_append_new(changed, json_string(now->name));
	}
	return json_pack("{s:o, s:o}", "came", came, "changed", changed);
}

static int put_list(const struct kh_root *root, const char *place, struct kh_error *err)
{
	kh_auto(kh_free) char *partial = kh_printf("%s/lists/partial", own_lists);
	kh_auto(kh_free) char *lists = kh_printf("%s/lists", own_lists);
	kh_auto(kh_free) char *path = kh_printf("%s/kvmhost.list", own_lists);
	kh_auto(kh_free) char *text = kh_printf("deb [trusted=yes] file:%s ./\n", place);
	const char *const directories[] = {own_lists, lists, partial};
	for (size_t i = 0; i < KH_COUNT(directories); i++)
		if (!kh_root_is_dir(root, directories[i]) &&
		    kh_file_make_dir(root, directories[i], 0755, err) != 0)
			return -1;
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(root, path, text, strlen(text), &meta, err);
}

static void begin_apt(struct kh_strv *argv, const char *place)
{
	static const char *const always[] = {"apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300",
					     NULL};
	add_words(argv, always);
	if (!place)
		return;
	static const char *const own[] = {
		"-o", "Dir::Etc::sourcelist=/run/kvmhost-apt/kvmhost.list",
		"-o", "Dir::Etc::sourceparts=-",
		"-o", "Dir::State::lists=/run/kvmhost-apt/lists",
		NULL};
	add_words(argv, own);
}

/* Lists may be old, or not there yet. Where they cannot be had anew the old ones may do: the
 * install itself says what is missing. */
static int refresh_apt(struct kh_runner *runner, const char *place, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	begin_apt(&argv, place);
	kh_strv_add(&argv, "update");
	if (run(runner, &argv, INSTALL_TIMEOUT_S, NULL, err) == 0)
		return 0;
	if (place)
		return kh_wrap(err, "packages of '%s'", place);
	kh_error_done(err);
	*err = (struct kh_error)KH_ERROR_INIT;
	return 0;
}

/* dpkg refuses everything until what a power cut left half-done is carried on. */
static int mend_dpkg(const struct kh_root *root, struct kh_runner *runner, struct kh_error *err)
{
	static const char *const argv[] = {"dpkg", "--force-confold", "--configure", "-a", NULL};
	kh_auto(kh_strv_done) struct kh_strv left = {0};
	kh_root_list(root, "/var/lib/dpkg/updates", &left);
	return left.count == 0 ? 0 : kh_run(runner, argv, INSTALL_TIMEOUT_S, NULL, err);
}

static int install_apt(const struct kh_root *root, struct kh_runner *runner,
		       const struct kh_strv *names, const char *place, struct kh_error *err)
{
	static const char *const options[] = {"-o",
					      "Dpkg::Options::=--force-confold",
					      "--no-install-recommends",
					      "--no-remove",
					      "install",
					      NULL};
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	if ((place && put_list(root, place, err) != 0) || mend_dpkg(root, runner, err) != 0 ||
	    refresh_apt(runner, place, err) != 0)
		return -1;
	begin_apt(&argv, place);
	add_words(&argv, options);
	kh_strv_copy(&argv, names);
	return run(runner, &argv, INSTALL_TIMEOUT_S, NULL, err);
}

int kh_packages_install(const struct kh_root *root, struct kh_runner *runner,
			const struct kh_strv *names, const char *place, json_t **ret_details,
			struct kh_error *err)
{
	kh_auto(kh_packages_done) struct kh_packages before = {0};
	kh_auto(kh_packages_done) struct kh_packages after = {0};
	kh_auto(kh_error_done) struct kh_error unread = KH_ERROR_INIT;
	if (read_now(root, runner, &before, err) != 0)
		return -1;
	int result = kh_packages_manager(root) == KH_PACKAGES_DNF
			     ? kh_packages_rpm_install(root, runner, names, err)
			     : install_apt(root, runner, names, place, err);
	if (read_now(root, runner, &after, &unread) == 0)
		*ret_details = compare(&before, &after);
	if (result == 0)
		return 0;
	kh_wrap(err, "install packages");
	return err->hint ? -1
			 : kh_hint(err,
				   "see what the package manager says to 'apt-get install' or 'dnf "
				   "install' of these; what came already is in the journal");
}

/* ---- taking back ---- */

static void add_installed(const json_t *names, const struct kh_packages *now, struct kh_strv *list)
{
	size_t index;
	json_t *name;
	json_array_foreach(names, index, name) if (json_is_string(name) &&
						   kh_packages_has(now, json_string_value(name)))
		kh_strv_add(list, json_string_value(name));
}

/* Names that apt would remove ("Purg NAME [VERSION]", "Remv ...") and that are not ours. */
static void find_others(const char *simulated, const struct kh_strv *ours, struct kh_strv *others)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, simulated);
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " ");
		bool goes = words.count >= 2 && (strcmp(words.items[0], "Purg") == 0 ||
						 strcmp(words.items[0], "Remv") == 0);
		if (goes && !kh_strv_has(ours, words.items[1]) &&
		    !kh_strv_has(others, words.items[1]))
			kh_strv_add(others, words.items[1]);
	}
}

static void remove_apt(struct kh_runner *runner, const struct kh_strv *names, char **ret_note,
		       struct kh_error *err)
{
	static const char *const look[] = {
		"apt-get", "-q", "-s", "-o", "APT::Get::AutomaticRemove=false", "purge", NULL};
	static const char *const act[] = {"apt-get",
					  "-q",
					  "-y",
					  "-o",
					  "DPkg::Lock::Timeout=300",
					  "-o",
					  "APT::Get::AutomaticRemove=false",
					  "purge",
					  NULL};
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_auto(kh_strv_done) struct kh_strv others = {0};
	kh_auto(kh_free) char *simulated = NULL;
	add_words(&argv, look);
	kh_strv_copy(&argv, names);
	if (run(runner, &argv, QUERY_TIMEOUT_S, &simulated, err) != 0)
		return;
	find_others(simulated, names, &others);
	if (others.count > 0) {
		kh_auto(kh_free) char *text = kh_strv_join(&others, ", ");
		*ret_note = kh_printf("%zu packages stay: %s came since and need%s some of them",
				      names->count, text, others.count == 1 ? "s" : "");
		return;
	}
	kh_strv_done(&argv);
	add_words(&argv, act);
	kh_strv_copy(&argv, names);
	run(runner, &argv, INSTALL_TIMEOUT_S, NULL, err);
}

static void say(char **note, const char *text)
{
	char *whole = *note ? kh_printf("%s; %s", *note, text) : kh_strdup(text);
	free(*note);
	*note = whole;
}

void kh_packages_remove(const struct kh_root *root, struct kh_runner *runner, const json_t *asked,
			const json_t *details, char **ret_note)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_packages_done) struct kh_packages now = {0};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	const json_t *came = json_object_get(details, "came");
	bool is_rpm = kh_packages_manager(root) == KH_PACKAGES_DNF;
	if (!root->is_live) {
		say(ret_note, "left to do on the running system: remove the packages that were "
			      "installed");
		return;
	}
	/* rpm's database was not looked at when the names were chosen (packages.h): some of them
	 * may have been there before. */
	if (is_rpm && !came) {
		say(ret_note, "installing was cut off before it was known what came: the packages "
			      "stay ('dnf history undo last' takes back what dnf did)");
		return;
	}
	if (read_now(root, runner, &now, &err) == 0)
		add_installed(came ? came : asked, &now, &names);
	if (!err.message && names.count > 0 && is_rpm)
		kh_packages_rpm_remove(root, runner, &names, ret_note, &err);
	else if (!err.message && names.count > 0)
		remove_apt(runner, &names, ret_note, &err);
	if (err.message) {
		kh_auto(kh_free) char *text = kh_printf("packages stay: %s", err.message);
		say(ret_note, text);
	}
	if (!came && names.count > 0)
		say(ret_note, "installing was cut off: packages that came along with them stay "
			      "('apt-get autoremove' finds them)");
	size_t changed = json_array_size(json_object_get(details, "changed"));
	if (changed > 0) {
		kh_auto(kh_free) char *text = kh_printf(
			"%zu package%s there before keep%s the newer version", changed,
			changed == 1 ? " that was" : "s that were", changed == 1 ? "s" : "");
		say(ret_note, text);
	}
}
