/* rpmkeys.c - see rpmkeys.h. */
#include "sources/rpmkeys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/facts.h"
#include "sources/area.h"

enum { KEYS_TIMEOUT_S = 300 };

/* ---- which keys ---- */

static char *filled(const char *text, const char *name, const char *value)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	for (const char *at = text; *at;) {
		if (kh_str_starts(at, name)) {
			kh_str_add(&out, value);
			at += strlen(name);
		} else {
			kh_str_add_bytes(&out, at++, 1);
		}
	}
	return kh_str_take(&out);
}

void kh_rpmkeys_files(const struct kh_repo *repo, const char *release, const char *machine,
		      struct kh_strv *paths)
{
	kh_auto(kh_free) char *value = kh_repofile_get(repo, "gpgkey");
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, value ? value : "", " \t,");
	for (size_t i = 0; i < words.count; i++) {
		if (!kh_str_starts(words.items[i], "file:///"))
			continue;
		const char *path = words.items[i] + strlen("file://");
		kh_auto(kh_free) char *released = filled(path, "$releasever", release);
		kh_strv_add_owned(paths, filled(released, "$basearch", machine));
	}
}

/* The host's file is handed to rpmkeys as a path of the machine: resolved inside the root. One that
 * rpm does not take (an old key whose own signature is too weak by now) is no matter while another
 * one is. */
static int import_keys(const struct kh_making *making, const struct kh_strv *paths,
		       const char *database, size_t *ret_count, struct kh_error *err)
{
	kh_auto(kh_error_done) struct kh_error first = KH_ERROR_INIT;
	for (size_t i = 0; i < paths->count; i++) {
		kh_auto(kh_error_done) struct kh_error failed = KH_ERROR_INIT;
		kh_auto(kh_free) char *path = kh_root_resolve(making->root, paths->items[i]);
		if (!path || !kh_root_exists(making->root, path))
			continue;
		kh_auto(kh_free) char *host_path = kh_area_host_path(making->root, path);
		const char *const argv[] = {"rpmkeys",  "--dbpath", database,
					    "--import", host_path,  NULL};
		if (kh_run(making->runner, argv, KEYS_TIMEOUT_S, NULL, &failed) == 0)
			++*ret_count;
		else if (!first.message)
			kh_fail(&first, failed.code, 0, "key '%s': %s", paths->items[i],
				failed.message);
	}
	return *ret_count == 0 && first.message ? kh_fail(err, first.code, 0, "%s", first.message)
						: 0;
}

/* ---- what it says ---- */

static bool is_signature(const char *line)
{
	return strcasestr(line, "signature, key") != NULL;
}

/* "    Header V4 RSA/SHA256 Signature, key ID 8483c65d: OK" */
static char *signer_of(char *line)
{
	char *end = strrchr(line, ':');
	if (end)
		*end = '\0';
	char *start = kh_str_trim(line);
	if (kh_str_starts(start, "Header "))
		start += strlen("Header ");
	return kh_strdup(start);
}

int kh_rpmkeys_read(const char *text, char **ret_signer, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_free) char *signer = NULL;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 1; i < lines.count; i++) { /* the first is the file's name */
		char *line = kh_str_trim(lines.items[i]);
		if (!*line)
			continue;
		if (!kh_str_ends(line, ": OK")) {
			kh_fail(err, KH_HOST, 0, "rpmkeys: %s", line);
			if (strstr(line, "NOKEY"))
				kh_hint(err, "the key is none of those that the repository names: "
					     "see 'gpgkey' there, and do not import one that you "
					     "did not get from the distribution");
			return -1;
		}
		if (is_signature(line) && !signer)
			signer = signer_of(line);
	}
	*ret_signer = kh_take(signer);
	return *ret_signer ? 0 : 1;
}

/* An exit status other than 0 comes with the same words. */
static int check(const struct kh_making *making, const char *database, const char *package,
		 char **ret_signer, struct kh_error *err)
{
	kh_auto(kh_run_result_done) struct kh_run_result result = {0};
	const char *const own[] = {"rpmkeys", "--dbpath", database, "--checksig",
				   "-v",      package,    NULL};
	const char *const hosts[] = {"rpmkeys", "--checksig", "-v", package, NULL};
	if (making->runner->run(making->runner, database ? own : hosts, KEYS_TIMEOUT_S, &result,
				err) != 0)
		return -1;
	int outcome = kh_rpmkeys_read(result.output, ret_signer, err);
	if (outcome >= 0 && result.status != 0)
		return kh_fail(err, KH_PROGRAM, 0, "run 'rpmkeys': exit status %d: %s",
			       result.status, result.output);
	return outcome;
}

int kh_rpmkeys_check(const struct kh_making *making, const struct kh_repo *repo,
		     const char *directory, const char *package, char **ret_signer,
		     struct kh_error *err)
{
	const struct kh_facts_os *os = &making->facts->os;
	kh_auto(kh_strv_done) struct kh_strv paths = {0};
	kh_auto(kh_free) char *keys = kh_printf("%s/keys", directory);
	kh_auto(kh_free) char *database = kh_area_host_path(making->root, keys);
	kh_auto(kh_free) char *release =
		kh_strndup(os->version_id ? os->version_id : "",
			   strcspn(os->version_id ? os->version_id : "", "."));
	size_t count = 0;
	kh_rpmkeys_files(repo, release, os->machine ? os->machine : "x86_64", &paths);
	if (kh_area_remove(making->root, keys, err) != 0 ||
	    kh_area_make_dir(making->root, keys, err) != 0 ||
	    import_keys(making, &paths, database, &count, err) != 0)
		return -1;
	bool has_own = count > 0 || !making->root->is_live;
	return check(making, has_own ? database : NULL, package, ret_signer, err);
}
