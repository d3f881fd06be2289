/* dnf_repos.c - see dnf_repos.h. */
#include "sources/dnf_repos.h"

#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static const char suffix[] = ".src";

static bool is_source(const char *id)
{
	return kh_str_ends(id, "-source") || kh_str_ends(id, "-source-rpms");
}

/* Owned. */
static char *source_id(const char *id)
{
	if (kh_str_ends(id, "-rpms"))
		return kh_printf("%.*s-source-rpms", (int)(strlen(id) - strlen("-rpms")), id);
	return kh_printf("%s-source", id);
}

/* Of a repository that is enabled itself, or that belongs to one that is. */
static bool is_wanted(const struct kh_repos *repos, const struct kh_repo *repo)
{
	if (!is_source(repo->id))
		return false;
	if (kh_repofile_is_enabled(repo))
		return true;
	for (size_t i = 0; i < repos->count; i++) {
		kh_auto(kh_free) char *id = source_id(repos->items[i].id);
		if (strcmp(id, repo->id) == 0 && kh_repofile_is_enabled(&repos->items[i]))
			return true;
	}
	return false;
}

static bool is_ours(const char *line)
{
	static const char *const keys[] = {"enabled", "skip_if_unavailable", "enabled_metadata"};
	size_t length = strcspn(line, " \t=");
	for (size_t i = 0; i < KH_COUNT(keys); i++)
		if (strlen(keys[i]) == length && strncasecmp(line, keys[i], length) == 0)
			return true;
	return false;
}

static void add(const struct kh_repo *repo, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, kh_str_text(&repo->text));
	kh_str_addf(out, "[%s%s]\n", repo->id, suffix);
	for (size_t i = 0; i < lines.count; i++)
		if (!is_ours(lines.items[i]))
			kh_str_addf(out, "%s\n", lines.items[i]);
	/* One that cannot be reached may be the one that has the newest: that is an error. */
	kh_str_add(out, "enabled=1\nskip_if_unavailable=0\n\n");
}

static int refuse(const struct kh_repos *repos, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv ids = {0};
	for (size_t i = 0; i < repos->count; i++)
		if (kh_repofile_is_enabled(&repos->items[i]))
			kh_strv_add(&ids, repos->items[i].id);
	kh_auto(kh_free) char *text = kh_strv_join(&ids, ", ");
	kh_fail(err, KH_HOST, 0,
		"no source repository is configured below '/etc/yum.repos.d' for the enabled ones "
		"(%s)",
		ids.count > 0 ? text : "there is none");
	return kh_hint(err, "the distribution's release package brings '[baseos-source]' and the "
			    "like, which need not be enabled; otherwise use 'sources.provider: "
			    "upstream', or a directory that 'kvmhost bundle' made");
}

int kh_dnf_repos_text(const struct kh_repos *repos, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	for (size_t i = 0; i < repos->count; i++)
		if (is_wanted(repos, &repos->items[i]))
			add(&repos->items[i], &text);
	if (text.length == 0)
		return refuse(repos, err);
	*ret_text = kh_str_take(&text);
	return 0;
}

const struct kh_repo *kh_dnf_repos_origin(const struct kh_repos *repos, const char *name)
{
	if (!kh_str_ends(name, suffix))
		return NULL;
	kh_auto(kh_free) char *id = kh_strndup(name, strlen(name) - strlen(suffix));
	return kh_repofile_find(repos, id);
}
