/* networkd_match.c - see networkd_match.h. */
#include "net/networkd_match.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

static const char *const dirs[] = {"/etc/systemd/network", "/run/systemd/network",
				   "/usr/local/lib/systemd/network", "/usr/lib/systemd/network",
				   "/lib/systemd/network"};

void kh_networkd_file_done(struct kh_networkd_file *file)
{
	kh_free(&file->name);
	kh_free(&file->path);
	kh_free(&file->text);
}

/* Does one of the shell patterns fit? A list that begins with "!" fits when none does. */
static bool fits_list(const char *list, const char *value, bool ignore_case)
{
	bool is_negated = list[0] == '!';
	kh_auto(kh_strv_done) struct kh_strv patterns = {0};
	kh_strv_split(&patterns, list + is_negated, " \t");
	bool has_hit = false;
	for (size_t i = 0; i < patterns.count; i++)
		has_hit = has_hit ||
			  fnmatch(patterns.items[i], value, ignore_case ? FNM_CASEFOLD : 0) == 0;
	return has_hit != is_negated;
}

static const char *type_of(const struct kh_facts_link *link)
{
	switch (link->kind) {
	case KH_LINK_BRIDGE:
		return "bridge";
	case KH_LINK_BOND:
		return "bond";
	case KH_LINK_VLAN:
		return "vlan";
	case KH_LINK_LOOPBACK:
		return "loopback";
	case KH_LINK_PHYSICAL:
	case KH_LINK_OTHER:
		break;
	}
	return link->is_wireless ? "wlan" : "ether";
}

static const char *kind_of(const struct kh_facts_link *link)
{
	bool has_kind = link->kind == KH_LINK_BRIDGE || link->kind == KH_LINK_BOND ||
			link->kind == KH_LINK_VLAN;
	return has_kind ? type_of(link) : "";
}

enum verdict { FITS, FITS_NOT, CANNOT_TELL };

static enum verdict judge(const struct kh_ini_line *line, const struct kh_facts_link *link)
{
	const struct {
		const char *key, *value;
		bool ignore_case;
	} known[] = {
		{"Name", link->name, false},
		{"MACAddress", link->mac, true},
		{"PermanentMACAddress", link->kind == KH_LINK_PHYSICAL ? link->mac : "", true},
		{"Type", type_of(link), false},
		{"Kind", kind_of(link), false},
		{"Driver", link->driver, false},
	};
	for (size_t i = 0; i < KH_COUNT(known); i++) {
		if (strcmp(line->key, known[i].key) != 0)
			continue;
		if (!*line->value)
			return FITS;
		if (!known[i].value)
			return FITS_NOT;
		return fits_list(line->value, known[i].value, known[i].ignore_case) ? FITS
										    : FITS_NOT;
	}
	return CANNOT_TELL;
}

/* Returns 1 when it fits, 0 when not, -1 when that cannot be told. One condition that fails settles
 * it, whatever the others ask for. */
static int match(const struct kh_ini *ini, const struct kh_facts_link *link, const char **unknown)
{
	bool has_unknown = false;
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		if (!line->key || strcmp(line->section, "Match") != 0)
			continue;
		enum verdict verdict = judge(line, link);
		if (verdict == FITS_NOT)
			return 0;
		if (verdict == CANNOT_TELL)
			*unknown = line->key;
		has_unknown = has_unknown || verdict == CANNOT_TELL;
	}
	return has_unknown ? -1 : 1;
}

static void list_files(const struct kh_net_view *view, struct kh_strv *names)
{
	for (size_t d = 0; d < KH_COUNT(dirs); d++) {
		kh_auto(kh_strv_done) struct kh_strv here = {0};
		kh_net_view_list(view, dirs[d], &here);
		for (size_t i = 0; i < here.count; i++)
			if (kh_str_ends(here.items[i], ".network") &&
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
		if (kh_net_view_exists(view, path))
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

static int take(const struct kh_net_view *view, const char *name, const char *path,
		const char *content, struct kh_networkd_file *ret_file)
{
	kh_auto(kh_str_done) struct kh_str text = {0};
	kh_str_add(&text, content);
	add_drop_ins(view, name, &text);
	ret_file->name = kh_strdup(name);
	ret_file->path = kh_strdup(path);
	ret_file->text = kh_str_take(&text);
	return 0;
}

int kh_networkd_find(const struct kh_net_view *view, const struct kh_facts_link *link,
		     struct kh_networkd_file *ret_file, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	*ret_file = (struct kh_networkd_file){0};
	list_files(view, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = path_of(view, names.items[i]);
		kh_auto(kh_free) char *text = path ? kh_net_view_text(view, path) : NULL;
		if (!text || !*text) /* a link to /dev/null masks */
			continue;
		kh_auto(kh_ini_done) struct kh_ini ini = {0};
		kh_ini_parse(text, &ini);
		const char *unknown = NULL;
		int fits = match(&ini, link, &unknown);
		if (fits < 0) {
			kh_fail(err, KH_HOST, 0,
				"cannot tell whether '%s' is meant for '%s': it has '%s='", path,
				link->name, unknown);
			return kh_hint(err, "put a file with 'Name=%s' in front of it", link->name);
		}
		if (fits == 1)
			return take(view, names.items[i], path, text, ret_file);
	}
	return 0;
}
