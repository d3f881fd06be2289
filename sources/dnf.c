/* dnf.c - see dnf.h. */
#include "sources/dnf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/facts.h"
#include "sources/area.h"
#include "sources/dnf_repos.h"

enum { QUERY_TIMEOUT_S = 900, DOWNLOAD_TIMEOUT_S = 7200 };

static const char format[] = "%{name}|%{epoch}|%{version}|%{release}|%{repoid}|%{vendor}\n";

void kh_dnf_done(struct kh_dnf *dnf)
{
	free(dnf->directory);
	free(dnf->host_directory);
	kh_repofile_done(&dnf->repos);
	*dnf = (struct kh_dnf){0};
}

/* ---- its own files ---- */

/* Repositories may have passwords in them. */
static int put_text(const struct kh_dnf *dnf, const char *name, const char *text,
		    struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", dnf->directory, name);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0600, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(dnf->making->root, path, text, strlen(text), &meta, err);
}

/* Only yum needs one: dnf takes the same from its command line, on top of the host's dnf.conf. */
static int put_yum_conf(const struct kh_dnf *dnf, struct kh_error *err)
{
	kh_auto(kh_free) char *host = kh_root_text(dnf->making->root, "/etc/yum.conf");
	kh_auto(kh_free) char *text = kh_printf(
		"%s\n[main]\nreposdir=%s/repos.d\ncachedir=%s/cache\n"
		"logfile=%s/log/yum.log\n",
		host ? host : "", dnf->host_directory, dnf->host_directory, dnf->host_directory);
	return put_text(dnf, "yum.conf", text, err);
}

static int put_files(const struct kh_dnf *dnf, struct kh_error *err)
{
	static const char *const names[] = {"repos.d", "cache", "log", "state", "packages"};
	kh_auto(kh_free) char *text = NULL;
	if (kh_dnf_repos_text(&dnf->repos, &text, err) != 0)
		return -1;
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dnf->directory, names[i]);
		if (kh_area_make_dir(dnf->making->root, path, err) != 0)
			return -1;
	}
	if (dnf->tool == KH_DNF_YUM && put_yum_conf(dnf, err) != 0)
		return -1;
	return put_text(dnf, "repos.d/kvmhost.repo", text, err);
}

/* dnf runs on this machine, whatever root it works for. */
static int choose_tool(const struct kh_root *root, enum kh_dnf_tool *ret_tool, struct kh_error *err)
{
	static const struct {
		const char *program;
		enum kh_dnf_tool tool;
	} tools[] = {{"dnf5", KH_DNF_5}, {"dnf", KH_DNF_4}, {"yumdownloader", KH_DNF_YUM}};
	kh_auto(kh_root_done) struct kh_root machine = KH_ROOT_INIT;
	if (kh_root_open("/", &machine, err) != 0)
		return -1;
	for (size_t i = 0; i < KH_COUNT(tools); i++) {
		kh_auto(kh_free) char *path =
			kh_root_which(root->is_live ? root : &machine, tools[i].program);
		*ret_tool = tools[i].tool;
		if (path)
			return 0;
	}
	kh_fail(err, KH_HOST, 0, "source packages need dnf, or yumdownloader, on this machine");
	return kh_hint(err, "install 'dnf' with 'dnf-plugins-core'; where there is yum, "
			    "'yum-utils'");
}

int kh_dnf_open(const struct kh_making *making, bool is_update, struct kh_dnf *ret_dnf,
		struct kh_error *err)
{
	kh_auto(kh_dnf_done) struct kh_dnf dnf = {.making = making, .is_update = is_update};
	dnf.directory = kh_printf("%s/dnf", making->config->build.store);
	dnf.host_directory = kh_area_host_path(making->root, dnf.directory);
	kh_repofile_read(making->root, &dnf.repos);
	if (choose_tool(making->root, &dnf.tool, err) != 0 || put_files(&dnf, err) != 0)
		return -1;
	*ret_dnf = dnf;
	dnf = (struct kh_dnf){0};
	return 0;
}

/* ---- running it ---- */

static void add_words(struct kh_strv *argv, const char *const *words)
{
	for (; *words; words++)
		kh_strv_add(argv, *words);
}

/* On the machine itself dnf knows its release and variables; for another root they are told. */
static void add_release(const struct kh_dnf *dnf, struct kh_strv *argv)
{
	const struct kh_root *root = dnf->making->root;
	const char *version = dnf->making->facts->os.version_id;
	if (root->is_live)
		return;
	if (version)
		kh_strv_addf(argv, "--releasever=%.*s", (int)strcspn(version, "."), version);
	if (kh_root_is_dir(root, "/etc/dnf/vars")) {
		kh_auto(kh_free) char *vars = kh_area_host_path(root, "/etc/dnf/vars");
		kh_strv_addf(argv, "--setopt=varsdir=%s", vars);
	}
}

static void begin(const struct kh_dnf *dnf, struct kh_strv *argv)
{
	const char *place = dnf->host_directory;
	kh_strv_add(argv, dnf->tool == KH_DNF_5 ? "dnf5" : "dnf");
	/* -y: a repository whose metadata is signed has its key imported into that cache */
	kh_strv_add(argv, "-q");
	kh_strv_add(argv, "-y");
	kh_strv_addf(argv, "--setopt=reposdir=%s/repos.d", place);
	kh_strv_addf(argv, "--setopt=cachedir=%s/cache", place);
	if (dnf->tool == KH_DNF_5)
		kh_strv_addf(argv, "--setopt=system_cachedir=%s/cache", place);
	kh_strv_addf(argv, "--setopt=logdir=%s/log", place);
	kh_strv_addf(argv, "--setopt=persistdir=%s/state", place);
	add_release(dnf, argv);
}

static int run(const struct kh_dnf *dnf, const struct kh_strv *argv, unsigned timeout_s,
	       char **ret_output, struct kh_error *err)
{
	kh_auto(kh_free) const char **words = kh_alloc((argv->count + 1) * sizeof(*words));
	for (size_t i = 0; i < argv->count; i++)
		words[i] = argv->items[i];
	if (kh_run(dnf->making->runner, words, timeout_s, ret_output, err) == 0)
		return 0;
	bool lacks_plugin = strstr(err->message, "No such command") != NULL;
	return kh_hint(err, "%s",
		       lacks_plugin ? "install 'dnf-plugins-core' (the stage 'packages' does)"
				    : "without a way to the distribution's repositories, use a "
				      "directory that 'kvmhost bundle' made elsewhere as "
				      "'sources.provider'");
}

/* refreshes: metadata is brought anew. */
static int query(const struct kh_dnf *dnf, bool refreshes, const char *const *words,
		 const char *package, char **ret_text, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	if (dnf->tool == KH_DNF_YUM) {
		kh_strv_add(&argv, "repoquery");
		kh_strv_addf(&argv, "--config=%s/yum.conf", dnf->host_directory);
		kh_strv_add(&argv, "--archlist=src");
		kh_strv_add(&argv, "--show-duplicates");
	} else {
		begin(dnf, &argv);
		if (refreshes)
			kh_strv_add(&argv, "--refresh");
		kh_strv_add(&argv, "repoquery");
		kh_strv_add(&argv, "--available");
		kh_strv_add(&argv, "--arch=src");
	}
	add_words(&argv, words);
	kh_strv_add(&argv, package);
	return run(dnf, &argv, QUERY_TIMEOUT_S, ret_text, err);
}

int kh_dnf_list(const struct kh_dnf *dnf, const char *package, char **ret_text,
		struct kh_error *err)
{
	const char *const words[] = {"--queryformat", format, NULL};
	return query(dnf, dnf->is_update, words, package, ret_text, err) == 0
		       ? 0
		       : kh_wrap(err, "list of source packages");
}

char *kh_dnf_url(const struct kh_dnf *dnf, const char *package)
{
	static const char *const words[] = {"--location", NULL};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *text = NULL;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	if (query(dnf, false, words, package, &text, &ignored) != 0)
		return NULL;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		bool is_url = kh_str_starts(line, "http://") || kh_str_starts(line, "https://") ||
			      kh_str_starts(line, "file:///");
		if (is_url && kh_str_ends(line, ".src.rpm") && !strpbrk(line, " \t"))
			return kh_strdup(line);
	}
	return NULL;
}

int kh_dnf_download(const struct kh_dnf *dnf, const char *package, const char *name,
		    char **ret_path, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv argv = {0};
	kh_auto(kh_free) char *path = kh_printf("%s/packages/%s", dnf->directory, name);
	if (kh_area_remove(dnf->making->root, path, err) != 0)
		return -1;
	if (dnf->tool == KH_DNF_YUM) {
		kh_strv_add(&argv, "yumdownloader");
		kh_strv_addf(&argv, "--config=%s/yum.conf", dnf->host_directory);
		kh_strv_add(&argv, "--source");
	} else {
		begin(dnf, &argv);
		kh_strv_add(&argv, "download");
		if (dnf->tool == KH_DNF_4)
			kh_strv_add(&argv, "--source");
	}
	kh_strv_addf(&argv, "--destdir=%s/packages", dnf->host_directory);
	kh_strv_addf(&argv, "%s.src", package);
	if (run(dnf, &argv, DOWNLOAD_TIMEOUT_S, NULL, err) != 0)
		return kh_wrap(err, "source package '%s'", package);
	/* yumdownloader ends with 0 when it brought nothing */
	if (!kh_root_exists(dnf->making->root, path))
		return kh_fail(err, KH_PROGRAM, 0,
			       "source package '%s': '%s' ended well and brought no '%s'", package,
			       argv.items[0], name);
	*ret_path = kh_take(path);
	return 0;
}
