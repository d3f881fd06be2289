/* patch.c - see patch.h. */
#include "sources/patch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/engine.h"

enum { PATCH_TIMEOUT_S = 120 };

/* ---- the series ---- */

void kh_series_done(struct kh_series *series)
{
	for (size_t i = 0; i < series->count; i++) {
		free(series->items[i].name);
		free(series->items[i].strip);
	}
	free(series->items);
	*series = (struct kh_series){0};
}

static bool is_strip(const char *word)
{
	return kh_str_starts(word, "-p") && isdigit((unsigned char)word[2]) && word[3] == '\0';
}

static bool is_name(const char *name)
{
	kh_auto(kh_strv_done) struct kh_strv parts = {0};
	kh_strv_split(&parts, name, "/");
	return *name != '/' && *name != '-' && !kh_strv_has(&parts, "..");
}

static int parse_line(char *line, size_t number, struct kh_series *series, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	if (*line == '#')
		return 0;
	char *comment = strstr(line, " #");
	if (comment)
		*comment = '\0';
	kh_strv_split(&words, line, " \t\r");
	if (words.count == 0)
		return 0;
	if (!is_name(words.items[0]) || words.count > 2 ||
	    (words.count == 2 && !is_strip(words.items[1])))
		return kh_fail(err, KH_HOST, 0,
			       "debian/patches/series:%zu: '%s' is no name of a patch with a "
			       "strip option",
			       number, line);
	struct kh_patch *patch = kh_append(series->items, series->count);
	patch->name = kh_strdup(words.items[0]);
	patch->strip = kh_strdup(words.count == 2 ? words.items[1] : "-p1");
	return 0;
}

int kh_series_parse(const char *text, struct kh_series *ret_series, struct kh_error *err)
{
	kh_auto(kh_series_done) struct kh_series series = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (parse_line(lines.items[i], i + 1, &series, err) != 0)
			return -1;
	*ret_series = series;
	series = (struct kh_series){0};
	return 0;
}

/* ---- applying ---- */

static void tell(const struct kh_making *making, const char *name, size_t done, size_t count)
{
	struct kh_event event = {.kind = KH_EVENT_PROGRESS,
				 .stage = making->stage,
				 .text = name,
				 .index = done,
				 .count = count,
				 .unit = "patches"};
	if (making->sink)
		making->sink->event(making->sink, &event);
}

static int apply_one(const struct kh_run_place *place, const struct kh_patch *patch,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("debian/patches/%s", patch->name);
	/* As dpkg-source does it: no fuzz, no questions, nothing left beside the files. */
	const char *const argv[] = {"patch",
				    "--batch",
				    "--forward",
				    "--fuzz=0",
				    "--unified",
				    "--version-control=never",
				    "--no-backup-if-mismatch",
				    "--remove-empty-files",
				    "--reject-file=-",
				    "--silent",
				    patch->strip,
				    "-i",
				    path,
				    NULL};
	return kh_run_as(place, argv, PATCH_TIMEOUT_S, NULL, err) == 0
		       ? 0
		       : kh_wrap(err, "the distribution's patch '%s'", patch->name);
}

static int apply_series(const struct kh_making *making, const struct kh_area *area,
			const char *tree, const struct kh_series *series, struct kh_error *err)
{
	kh_auto(kh_free) char *directory = kh_area_host_path(area->root, tree);
	struct kh_run_place place = {
		.uid = area->account.uid, .gid = area->account.gid, .directory = directory};
	for (size_t i = 0; i < series->count; i++) {
		if (apply_one(&place, &series->items[i], err) != 0)
			return -1;
		tell(making, series->items[i].name, i + 1, series->count);
	}
	return 0;
}

/* What was unpacked may hold debian/ itself, or what lies in it (a single top directory is taken
 * off). */
static int move_debian(const struct kh_area *area, const char *tree, const char *debian,
		       struct kh_error *err)
{
	kh_auto(kh_free) char *inner = kh_printf("%s/debian", debian);
	kh_auto(kh_free) char *place = kh_printf("%s/debian", tree);
	if (kh_area_remove(area->root, place, err) != 0)
		return -1;
	return kh_area_publish(area, kh_root_is_dir(area->root, inner) ? inner : debian, place,
			       err);
}

int kh_patch_tree(const struct kh_making *making, const struct kh_area *area, const char *tree,
		  const char *debian, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/debian/patches/series", tree);
	kh_auto(kh_free) char *text = NULL;
	kh_auto(kh_series_done) struct kh_series series = {0};
	if (move_debian(area, tree, debian, err) != 0)
		return -1;
	int found = kh_root_read(area->root, path, &text, NULL, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (kh_series_parse(text, &series, err) != 0)
		return -1;
	return apply_series(making, area, tree, &series, err);
}
