/* repofile.c - see repofile.h.
 *
 * The form is an ini file with continued lines; of libraries, Debian 12 and EPEL have iniparser and
 * inih, and neither keeps the text, which is to be written out again as it stands. */
#include "core/repofile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static const char overrides[] = "/etc/dnf/repos.override.d";

void kh_repofile_done(struct kh_repos *repos)
{
	for (size_t i = 0; i < repos->count; i++) {
		free(repos->items[i].id);
		free(repos->items[i].where);
		kh_str_done(&repos->items[i].text);
	}
	free(repos->items);
	*repos = (struct kh_repos){0};
}

static struct kh_repo *find(const struct kh_repos *repos, const char *id)
{
	for (size_t i = 0; i < repos->count; i++)
		if (strcmp(repos->items[i].id, id) == 0)
			return &repos->items[i];
	return NULL;
}

const struct kh_repo *kh_repofile_find(const struct kh_repos *repos, const char *id)
{
	return find(repos, id);
}

/* "[ID]" as ID in place, or NULL. */
static char *section_of(char *line)
{
	char *text = kh_str_trim(line);
	char *end = *text == '[' ? strchr(text, ']') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	return kh_str_trim(text + 1);
}

void kh_repofile_parse(const char *text, const char *where, struct kh_repos *repos)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	struct kh_repo *repo = NULL;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		kh_auto(kh_free) char *copy = kh_strdup(line);
		const char *id = *line == '[' ? section_of(copy) : NULL;
		if (id) {
			repo = find(repos, id);
			if (repo)
				continue;
			repo = kh_append(repos->items, repos->count);
			repo->id = kh_strdup(id);
			repo->where = kh_strdup(where);
		} else if (repo && *line != '#' && *line != ';' && *kh_str_trim(copy)) {
			kh_str_addf(&repo->text, "%s\n", line);
		}
	}
}

static void read_directory(const struct kh_root *root, const char *directory,
			   struct kh_repos *repos)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(root, directory, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, names.items[i]);
		kh_auto(kh_free) char *text =
			kh_str_ends(path, ".repo") ? kh_root_text(root, path) : NULL;
		if (text)
			kh_repofile_parse(text, path, repos);
	}
}

void kh_repofile_read(const struct kh_root *root, struct kh_repos *ret_repos)
{
	static const char *const directories[] = {"/etc/yum.repos.d", "/etc/yum/repos.d",
						  "/etc/distro.repos.d", overrides};
	*ret_repos = (struct kh_repos){0};
	for (size_t i = 0; i < KH_COUNT(directories); i++)
		read_directory(root, directories[i], ret_repos);
}

char *kh_repofile_get(const struct kh_repo *repo, const char *key)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_str_done) struct kh_str value = {0};
	bool is_it = false, is_found = false;
	kh_strv_split_lines(&lines, kh_str_text(&repo->text));
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		char *equals = strchr(line, '=');
		if (isspace((unsigned char)*line)) {
			if (is_it)
				kh_str_addf(&value, " %s", kh_str_trim(line));
			continue;
		}
		if (equals)
			*equals = '\0';
		is_it = equals && strcasecmp(kh_str_trim(line), key) == 0;
		if (!is_it)
			continue;
		is_found = true;
		kh_str_done(&value);
		kh_str_add(&value, kh_str_trim(equals + 1));
	}
	return is_found ? kh_str_take(&value) : NULL;
}

bool kh_repofile_is_enabled(const struct kh_repo *repo)
{
	static const char *const words[] = {"1", "yes", "true", "on"};
	kh_auto(kh_free) char *value = kh_repofile_get(repo, "enabled");
	for (size_t i = 0; value && i < KH_COUNT(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return !value;
}

/* CentOS Stream, Rocky and Alma 9 and later: crb; their 8: powertools; Oracle:
 * ol9_codeready_builder; Red Hat: codeready-builder-for-rhel-9-x86_64-rpms. */
static bool is_builder(const char *id)
{
	if (kh_str_ends(id, "source") || kh_str_ends(id, "source-rpms") || strstr(id, "debug"))
		return false;
	return strcmp(id, "crb") == 0 || strcasecmp(id, "powertools") == 0 ||
	       kh_str_ends(id, "codeready_builder") ||
	       (kh_str_starts(id, "codeready-builder-for-") && kh_str_ends(id, "-rpms"));
}

const struct kh_repo *kh_repofile_builder(const struct kh_repos *repos)
{
	const struct kh_repo *found = NULL;
	for (size_t i = 0; i < repos->count; i++) {
		if (!is_builder(repos->items[i].id))
			continue;
		if (kh_repofile_is_enabled(&repos->items[i]))
			return NULL;
		found = found ? found : &repos->items[i];
	}
	return found;
}

char *kh_repofile_advice(const struct kh_root *root)
{
	kh_auto(kh_repofile_done) struct kh_repos repos = {0};
	kh_repofile_read(root, &repos);
	const struct kh_repo *builder = kh_repofile_builder(&repos);
	return builder ? kh_printf("many development packages are in the repository '%s' (%s), "
				   "which is not enabled: 'dnf config-manager --set-enabled %s'",
				   builder->id, builder->where, builder->id)
		       : NULL;
}
