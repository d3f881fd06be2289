/* networkd_find.c - see networkd_find.h. */
#include "net/networkd_find.h"

#include <string.h>

#include "core/base/mem.h"
#include "net/networkd_match.h"

static const char *const dirs[] = {"/etc/systemd/network", "/run/systemd/network",
				   "/usr/local/lib/systemd/network", "/usr/lib/systemd/network",
				   "/lib/systemd/network"};
static const char null_path[] = "/dev/null";

void kh_networkd_file_done(struct kh_networkd_file *file)
{
	kh_free(&file->name);
	kh_free(&file->path);
	kh_free(&file->text);
}

static void list_files(const struct kh_net_view *view, const char *suffix, struct kh_strv *names)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv here = {0};
		kh_net_view_list(view, dirs[d], &here);
		for (size_t i = 0; i < here.count; i++)
			if (kh_str_ends(here.items[i], suffix) &&
			    !kh_strv_has(names, here.items[i]))
				kh_strv_add(names, here.items[i]);
	}
	kh_strv_sort(names);
}

/* The path of NAME in the first directory that has it. */
static char *path_of(const struct kh_net_view *view, const char *name)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", dirs[d], name);
		kh_auto(kh_free) char *target = kh_root_readlink(view->root, path);
		/* A tree may lack the /dev/null that a link to it hides a file with. */
		if (kh_net_view_exists(view, path) || (target && strcmp(target, null_path) == 0))
			return kh_take(path);
	}
	return NULL;
}

/* NAME.d/ *.conf of all directories, by name, behind the file's own text. */
static void add_drop_ins(const struct kh_net_view *view, const char *name, struct kh_str *text)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_free) char *dir = kh_printf("%s/%s.d", dirs[d], name);
		kh_auto(kh_strv_done) struct kh_strv here = {0};
		kh_net_view_list(view, dir, &here);
		for (size_t i = 0; i < here.count; i++)
			if (kh_str_ends(here.items[i], ".conf") &&
			    !kh_strv_has(&names, here.items[i]))
				kh_strv_add(&names, here.items[i]);
	}
	kh_strv_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *inner = kh_printf("%s.d/%s", name, names.items[i]);
		kh_auto(kh_free) char *path = path_of(view, inner);
		kh_auto(kh_free) char *more = path ? kh_net_view_text(view, path) : NULL;
		kh_str_addf(text, "%s%s", kh_str_ends(kh_str_text(text), "\n") ? "" : "\n",
			    more ? more : "");
	}
}

/* Its text with that of its drop-ins, whose conditions count as well; NULL: it is masked. */
static char *text_of(const struct kh_net_view *view, const char *name, const char *path)
{
	kh_auto(kh_free) char *own = path ? kh_net_view_text(view, path) : NULL;
	kh_auto(kh_str_done) struct kh_str text = {0};
	if (!own || !*own) /* a link to /dev/null masks */
		return NULL;
	kh_str_add(&text, own);
	add_drop_ins(view, name, &text);
	return kh_str_take(&text);
}

/* Owned; NULL: networkd does not know the link. */
static char *state_path(const struct kh_facts_link *link)
{
	return link->ifindex > 0 ? kh_printf("/run/systemd/netif/links/%lld", link->ifindex) : NULL;
}

/* The name of the file that a running networkd took for the link. NULL: none is known, or it is
 * there no more, and so was not of the network that is asked about. Source: systemd
 * src/network/networkd-state-file.c (link_save). */
static char *taken_file(const struct kh_net_view *view, const struct kh_facts_link *link,
			const struct kh_strv *names)
{
	static const char key[] = "NETWORK_FILE=";
	kh_auto(kh_free) char *path = state_path(link);
	kh_auto(kh_free) char *state = path ? kh_root_text(view->root, path) : NULL;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, state ? state : "");
	for (size_t i = 0; i < lines.count; i++) {
		const char *slash = strrchr(lines.items[i], '/');
		if (!kh_str_starts(lines.items[i], key) || !slash || !kh_strv_has(names, slash + 1))
			continue;
		kh_auto(kh_free) char *now = path_of(view, slash + 1);
		kh_auto(kh_free) char *text = text_of(view, slash + 1, now);
		return text ? kh_strdup(slash + 1) : NULL;
	}
	return NULL;
}

static bool is_newer(const struct kh_root *root, const char *path, const struct stat *than)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	struct stat status;
	if (!path || kh_root_stat(root, path, true, &status, &ignored) != 0)
		return false;
	return status.st_mtim.tv_sec != than->st_mtim.tv_sec
		       ? status.st_mtim.tv_sec > than->st_mtim.tv_sec
		       : status.st_mtim.tv_nsec >= than->st_mtim.tv_nsec;
}

/* Was the file we find, or the one networkd took, written after networkd last wrote of the link?
 * Then it did not read it yet, and will at the next boot. */
static bool has_changed(const struct kh_net_view *view, const struct kh_facts_link *link,
			const char *taken, const char *found_path)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *state = state_path(link);
	kh_auto(kh_free) char *taken_path = path_of(view, taken);
	struct stat written;
	if (!state || kh_root_stat(view->root, state, true, &written, &ignored) != 0)
		return false;
	return is_newer(view->root, taken_path, &written) ||
	       is_newer(view->root, found_path, &written);
}

static int refuse_unknown(const char *path, const struct kh_facts_link *link, const char *unknown,
			  struct kh_error *err)
{
	if (unknown)
		kh_fail(err, KH_HOST, 0, "cannot tell whether '%s' is meant for '%s': it has '%s='",
			path, link->name, unknown);
	else
		/* Source: systemd's NEWS, 243, and the warning of networkd 252. */
		kh_fail(err, KH_HOST, 0,
			"cannot tell whether '%s' is meant for '%s': its [Match] is empty, which "
			"stands for every link or for none, depending on the version of systemd",
			path, link->name);
	return kh_hint(err, "put a file with 'Name=%s' in front of it", link->name);
}

static int refuse_changed(const char *taken, const struct kh_facts_link *link, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0,
		"systemd-networkd took '%s' for '%s', and by the files it would take another now",
		taken, link->name);
	return kh_hint(err,
		       "if they were changed, have it read them (networkctl reload); if not, put "
		       "a file with 'Name=%s' in front of them",
		       link->name);
}

/* The first that fits. What cannot be told is settled by what networkd took. */
static int scan(const struct kh_net_view *view, const struct kh_facts_link *link,
		const struct kh_strv *names, const char *taken, struct kh_networkd_file *ret_file,
		struct kh_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i], *unknown = NULL;
		kh_auto(kh_free) char *path = path_of(view, name);
		kh_auto(kh_free) char *text = text_of(view, name, path);
		if (!text)
			continue;
		kh_auto(kh_ini_done) struct kh_ini ini = {0};
		kh_ini_parse(text, &ini);
		int fits =
			kh_networkd_match(&ini, link, taken && strcmp(taken, name) == 0, &unknown);
		if (fits < 0 && !taken)
			return refuse_unknown(path, link, unknown, err);
		if (fits != 1)
			continue;
		ret_file->name = kh_strdup(name);
		ret_file->path = kh_take(path);
		ret_file->text = kh_take(text);
		return 0;
	}
	return 0;
}

int kh_networkd_find(const struct kh_net_view *view, const struct kh_facts_link *link,
		     struct kh_networkd_file *ret_file, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	*ret_file = (struct kh_networkd_file){0};
	list_files(view, ".network", &names);
	kh_auto(kh_free) char *taken = taken_file(view, link, &names);
	if (scan(view, link, &names, taken, ret_file, err) != 0)
		return -1;
	if (!taken || (ret_file->name && strcmp(ret_file->name, taken) == 0) ||
	    has_changed(view, link, taken, ret_file->path))
		return 0;
	kh_networkd_file_done(ret_file);
	return refuse_changed(taken, link, err);
}

char *kh_networkd_first(const struct kh_net_view *view, const struct kh_facts_link *link)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	list_files(view, ".network", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = path_of(view, names.items[i]);
		kh_auto(kh_free) char *text = text_of(view, names.items[i], path);
		kh_auto(kh_ini_done) struct kh_ini ini = {0};
		const char *unknown = NULL;
		kh_ini_parse(text ? text : "", &ini);
		if (text && kh_networkd_match(&ini, link, false, &unknown) != 0)
			return kh_strdup(names.items[i]);
	}
	return NULL;
}

/* Does the file speak of the link, by its name and not by a pattern that may mean others? */
static bool is_about(const struct kh_ini *ini, const char *link)
{
	static const struct {
		const char *section, *key;
	} places[] = {{"NetDev", "Name"}, {"Match", "Name"}, {"Network", "Bridge"}};
	for (size_t i = 0; i < ini->line_count; i++)
		for (size_t p = 0; ini->lines[i].key && p < KH_COUNT(places); p++)
			if (strcmp(ini->lines[i].section, places[p].section) == 0 &&
			    strcmp(ini->lines[i].key, places[p].key) == 0 &&
			    kh_str_has_word(ini->lines[i].value, link))
				return true;
	return false;
}

char *kh_networkd_about(const struct kh_net_view *view, const char *link)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	list_files(view, ".netdev", &names);
	list_files(view, ".network", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = path_of(view, names.items[i]);
		kh_auto(kh_free) char *text = text_of(view, names.items[i], path);
		kh_auto(kh_ini_done) struct kh_ini ini = {0};
		kh_ini_parse(text ? text : "", &ini);
		if (is_about(&ini, link))
			return kh_take(path);
	}
	return NULL;
}
