/* apt_sources.c - see apt_sources.h. */
#include "sources/apt_sources.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/stanza.h"

/* ---- what belongs to the distribution ---- */

static bool is_suite(const char *suite, const char *codename)
{
	static const char *const ends[] = {
		"",           "-updates",          "-security",         "/updates",
		"-backports", "-backports-sloppy", "-proposed-updates", "-proposed",
	};
	static const char *const others[] = {"stable", "oldstable", "oldoldstable", "testing",
					     "sid",    "unstable",  "experimental"};
	const char *end = NULL;
	if (kh_str_starts(suite, codename))
		end = suite + strlen(codename);
	for (size_t i = 0; i < KH_COUNT(others) && !end; i++)
		if (kh_str_starts(suite, others[i]))
			end = suite + strlen(others[i]);
	return end && kh_str_is_one_of(end, ends, KH_COUNT(ends));
}

static bool is_component(const char *component)
{
	static const char *const all[] = {
		"main",     "contrib",    "non-free",  "non-free-firmware",
		"universe", "restricted", "multiverse"};
	return kh_str_is_one_of(component, all, KH_COUNT(all));
}

static bool is_type(const char *type)
{
	return strcmp(type, "deb") == 0 || strcmp(type, "deb-src") == 0;
}

/* Components that are the distribution's, the suites that are: both or nothing. */
static void keep_own(const struct kh_strv *suites, const struct kh_strv *components,
		     const char *codename, struct kh_strv *own_suites,
		     struct kh_strv *own_components)
{
	for (size_t i = 0; i < suites->count; i++)
		if (is_suite(suites->items[i], codename))
			kh_strv_add(own_suites, suites->items[i]);
	for (size_t i = 0; i < components->count; i++)
		if (is_component(components->items[i]))
			kh_strv_add(own_components, components->items[i]);
}

static bool add_head(const char *uris, const struct kh_strv *suites,
		     const struct kh_strv *components, const char *codename, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv own_suites = {0};
	kh_auto(kh_strv_done) struct kh_strv own_components = {0};
	keep_own(suites, components, codename, &own_suites, &own_components);
	if (own_suites.count == 0 || own_components.count == 0)
		return false;
	kh_auto(kh_free) char *suite_text = kh_strv_join(&own_suites, " ");
	kh_auto(kh_free) char *component_text = kh_strv_join(&own_components, " ");
	kh_str_addf(out, "Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\n", uris, suite_text,
		    component_text);
	return true;
}

/* Options that have to do with who is trusted and how files are had; the rest is for binaries. */
static bool is_option(const char *name)
{
	static const char *const kept[] = {
		"signed-by",         "trusted",
		"allow-insecure",    "allow-weak",
		"check-valid-until", "valid-until-min",
		"valid-until-max",   "check-date",
		"inrelease-path",    "allow-downgrade-to-insecure",
		"by-hash",
	};
	for (size_t i = 0; i < KH_COUNT(kept); i++)
		if (strcasecmp(name, kept[i]) == 0)
			return true;
	return false;
}

/* ---- one line each ---- */

/* "[ arch=amd64 signed-by=/x ]" -> the fields that are kept. Returns what follows it. */
static char *take_options(char *line, struct kh_str *fields)
{
	line += strspn(line, " \t");
	if (*line != '[')
		return line;
	char *end = strchr(line, ']');
	if (!end)
		return NULL;
	*end = '\0';
	kh_auto(kh_strv_done) struct kh_strv options = {0};
	kh_strv_split(&options, line + 1, " \t");
	for (size_t i = 0; i < options.count; i++) {
		char *equals = strchr(options.items[i], '=');
		if (!equals)
			continue;
		*equals = '\0';
		if (is_option(options.items[i]))
			kh_str_addf(fields, "%s: %s\n", options.items[i], equals + 1);
	}
	return end + 1;
}

static void add_one_line(char *line, const char *codename, struct kh_str *out)
{
	kh_auto(kh_str_done) struct kh_str fields = {0};
	line[strcspn(line, "#")] = '\0';
	line = kh_str_trim(line);
	size_t length = strcspn(line, " \t[");
	kh_auto(kh_free) char *type = kh_strndup(line, length);
	char *rest = is_type(type) ? take_options(line + length, &fields) : NULL;
	if (!rest)
		return;
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_auto(kh_strv_done) struct kh_strv suites = {0};
	kh_strv_split(&words, rest, " \t\r");
	if (words.count < 3)
		return;
	kh_auto(kh_free) char *uri = kh_strdup(words.items[0]);
	kh_strv_add(&suites, words.items[1]);
	kh_strv_remove(&words, 0);
	kh_strv_remove(&words, 0);
	if (add_head(uri, &suites, &words, codename, out))
		kh_str_addf(out, "%s\n", kh_str_text(&fields));
}

void kh_apt_sources_add_list(const char *text, const char *codename, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		add_one_line(lines.items[i], codename, out);
}

/* ---- deb822 ---- */

/* Lines that go on are indented again; an empty one is a single dot there already. */
static void add_field(const struct kh_stanza_field *field, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, field->value);
	kh_str_addf(out, "%s: %s\n", field->name, lines.count > 0 ? lines.items[0] : "");
	for (size_t i = 1; i < lines.count; i++)
		kh_str_addf(out, " %s\n", lines.items[i]);
}

static bool is_off(const char *enabled)
{
	static const char *const no[] = {"no", "false", "without", "off", "disable"};
	for (size_t i = 0; enabled && i < KH_COUNT(no); i++)
		if (strcasecmp(enabled, no[i]) == 0)
			return true;
	return false;
}

static bool has_type(const char *types)
{
	return types && (kh_str_has_word(types, "deb") || kh_str_has_word(types, "deb-src"));
}

static void add_stanza(const struct kh_stanza *stanza, const char *codename, struct kh_str *out)
{
	kh_auto(kh_strv_done) struct kh_strv suites = {0};
	kh_auto(kh_strv_done) struct kh_strv components = {0};
	kh_auto(kh_strv_done) struct kh_strv uris = {0};
	if (is_off(kh_stanza_get(stanza, "Enabled")) || !has_type(kh_stanza_get(stanza, "Types")) ||
	    !kh_stanza_get(stanza, "URIs") || !kh_stanza_get(stanza, "Suites") ||
	    !kh_stanza_get(stanza, "Components"))
		return;
	kh_strv_split(&uris, kh_stanza_get(stanza, "URIs"), " \t\n");
	kh_strv_split(&suites, kh_stanza_get(stanza, "Suites"), " \t\n");
	kh_strv_split(&components, kh_stanza_get(stanza, "Components"), " \t\n");
	kh_auto(kh_free) char *uri_text = kh_strv_join(&uris, " ");
	if (!add_head(uri_text, &suites, &components, codename, out))
		return;
	for (size_t i = 0; i < stanza->count; i++)
		if (is_option(stanza->fields[i].name))
			add_field(&stanza->fields[i], out);
	kh_str_add(out, "\n");
}

void kh_apt_sources_add_deb822(const char *text, const char *codename, struct kh_str *out)
{
	size_t line = 0;
	for (;;) {
		kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
		if (kh_stanza_next(&text, &line, &stanza) != 0)
			return;
		add_stanza(&stanza, codename, out);
	}
}

/* ---- all of them ---- */

static void add_file(const struct kh_root *root, const char *path, const char *codename,
		     struct kh_str *out)
{
	kh_auto(kh_free) char *text = kh_root_text(root, path);
	if (text && kh_str_ends(path, ".list"))
		kh_apt_sources_add_list(text, codename, out);
	else if (text && kh_str_ends(path, ".sources"))
		kh_apt_sources_add_deb822(text, codename, out);
}

static char *read_codename(const struct kh_root *root)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/os-release");
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text ? text : "");
	for (size_t i = 0; i < lines.count; i++) {
		char *line = kh_str_trim(lines.items[i]);
		if (!kh_str_starts(line, "VERSION_CODENAME="))
			continue;
		char *value = line + strlen("VERSION_CODENAME=");
		value += strspn(value, "\"'");
		return kh_strndup(value, strcspn(value, "\"'"));
	}
	return NULL;
}

int kh_apt_sources_text(const struct kh_root *root, char **ret_text, struct kh_error *err)
{
	static const char parts[] = "/etc/apt/sources.list.d";
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *codename = read_codename(root);
	if (!codename || !*codename)
		return kh_fail(err, KH_HOST, 0,
			       "'/etc/os-release' has no VERSION_CODENAME: which of apt's archives "
			       "are the distribution's is not known");
	add_file(root, "/etc/apt/sources.list", codename, &out);
	kh_root_list(root, parts, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", parts, names.items[i]);
		add_file(root, path, codename, &out);
	}
	if (out.length > 0) {
		*ret_text = kh_str_take(&out);
		return 0;
	}
	kh_fail(err, KH_HOST, 0, "apt has no archive of the distribution ('%s')", codename);
	return kh_hint(err, "name one in '/etc/apt/sources.list', or use 'sources.provider'");
}
