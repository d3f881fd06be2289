/* fragment_load.c - see fragment.h: fragments by name and by path, and what they ask of a kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml_text.h"
#include "kconfig/fragment_parse.h"
#include "kconfig/kconfig.h"

static int parse_file(const char *path, const char *text, size_t length,
		      struct kh_fragment *fragment, struct kh_error *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 byte order mark */
	size_t skipped = kh_str_starts(text, mark) ? strlen(mark) : 0;
	struct kh_yaml source = {
		.name = (char *)path, .code = KH_CONFIG, .text = (char *)text + skipped};
	if (kh_yaml_check_text(&source, text + skipped, length - skipped, err) != 0)
		return -1;
	return kh_fragment_parse(path, text + skipped, fragment, err);
}

/* Returns 1 when there is no such file. */
static int load_file(const struct kh_root *root, const char *path, struct kh_fragment *fragment,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *text = NULL;
	size_t length = 0;
	int outcome = kh_root_read(root, path, &text, &length, err);
	return outcome == 0 ? parse_file(path, text, length, fragment, err) : outcome;
}

static int load_by_path(const struct kh_root *root, const char *path, struct kh_fragment *fragment,
			struct kh_error *err)
{
	int outcome = load_file(root, path, fragment, err);
	if (outcome <= 0)
		return outcome;
	kh_fail(err, KH_CONFIG, 0, "there is no kernel configuration fragment '%s'", path);
	return kh_hint(err, "put the file there, or take it out of 'kernel.fragments'");
}

static int load_by_name(const struct kh_root *root, const char *name, struct kh_fragment *fragment,
			struct kh_error *err)
{
	kh_auto(kh_free) char *own = kh_printf("/etc/kvmhost/kconfig/%s.config", name);
	int outcome = load_file(root, own, fragment, err);
	if (outcome <= 0)
		return outcome;
	const char *shipped = kh_fragment_shipped(name);
	if (shipped)
		return kh_fragment_parse(name, shipped, fragment, err);
	size_t count = 0;
	while (kh_fragment_names[count])
		count++;
	const char *nearest = kh_str_nearest(name, kh_fragment_names, count);
	kh_fail(err, KH_CONFIG, 0, "no kernel configuration fragment is named '%s'", name);
	if (nearest)
		return kh_hint(err, "did you mean '%s'?", nearest);
	return kh_hint(err, "use a shipped one, an absolute path, or make '%s'", own);
}

int kh_fragment_load(const struct kh_root *root, const struct kh_strv *names,
		     struct kh_fragment *ret_fragment, struct kh_error *err)
{
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		int outcome = *name == '/' ? load_by_path(root, name, &fragment, err)
					   : load_by_name(root, name, &fragment, err);
		if (outcome != 0)
			return -1;
	}
	*ret_fragment = fragment;
	fragment = (struct kh_fragment){0};
	return 0;
}

void kh_fragment_done(struct kh_fragment *fragment)
{
	for (size_t i = 0; i < fragment->line_count; i++)
		kh_fragment_line_done(&fragment->lines[i]);
	free(fragment->lines);
	*fragment = (struct kh_fragment){0};
}

bool kh_fragment_holds(const struct kh_fragment_line *line, int version)
{
	if (version < 0)
		return true;
	return version >= line->since && (!line->until || version < line->until);
}

const char *kh_fragment_name(const struct kh_fragment_line *line, const struct kh_kconfig *tree)
{
	if (!tree || kh_kconfig_has(tree, line->name))
		return line->name;
	for (size_t i = 0; i < line->was.count; i++)
		if (kh_kconfig_has(tree, line->was.items[i]))
			return line->was.items[i];
	return line->name;
}

char *kh_fragment_resolve(const struct kh_fragment *fragment, int version,
			  const struct kh_kconfig *tree)
{
	struct kh_str text = {0};
	for (size_t i = 0; i < fragment->line_count; i++) {
		const struct kh_fragment_line *line = &fragment->lines[i];
		const char *name = kh_fragment_name(line, tree);
		bool is_built_in =
			tree && strcmp(line->value, "m") == 0 && kh_kconfig_is_bool(tree, name);
		if (!kh_fragment_holds(line, version))
			continue;
		if (strcmp(line->value, "n") == 0)
			kh_str_addf(&text, "# CONFIG_%s is not set\n", name);
		else
			kh_str_addf(&text, "CONFIG_%s=%s\n", name, is_built_in ? "y" : line->value);
	}
	return kh_str_take(&text);
}
