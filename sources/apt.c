/* apt.c - see apt.h. */
#include "sources/apt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/facts.h"
#include "sources/apt_sources.h"
#include "sources/area.h"

enum { UPDATE_TIMEOUT_S = 900, QUERY_TIMEOUT_S = 120, FRESH_S = 600 };

void kh_apt_done(struct kh_apt *apt)
{
	free(apt->directory);
	free(apt->host_directory);
	kh_root_done(&apt->machine);
	*apt = (struct kh_apt){.machine = KH_ROOT_INIT};
}

/* ---- its own files ---- */

static int put_text(const struct kh_apt *apt, const char *name, const char *text,
		    struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", apt->directory, name);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(apt->making->root, path, text, strlen(text), &meta, err);
}

static int make_directories(const struct kh_apt *apt, struct kh_error *err)
{
	static const char *const names[] = {"lists/partial", "sources.list.d", "cache"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", apt->directory, names[i]);
		if (kh_area_make_dir(apt->making->root, path, err) != 0)
			return -1;
	}
	return 0;
}

/* Read after the host's configuration (proxies and the like stay), so it has the last word. A host
 * that lets apt take unsigned lists said so of its packages; what is built here becomes its kernel.
 * One source may still be trusted, in its own line (is_signed tells). */
static char *make_configuration(const struct kh_apt *apt)
{
	const char *place = apt->host_directory;
	return kh_printf("Dir::Etc::sourcelist \"/dev/null\";\n"
			 "Dir::Etc::sourceparts \"%s/sources.list.d\";\n"
			 "Dir::State::lists \"%s/lists\";\n"
			 "Dir::Cache \"%s/cache\";\n"
			 "Acquire::AllowInsecureRepositories \"false\";\n"
			 "Acquire::AllowWeakRepositories \"false\";\n"
			 "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
			 "Acquire::Languages \"none\";\n"
			 "Acquire::GzipIndexes \"false\";\n"
			 "Acquire::Retries \"2\";\n"
			 "Acquire::http::Timeout \"20\";\n"
			 "Acquire::https::Timeout \"20\";\n"
			 "APT::Update::Error-Mode \"any\";\n"
			 "#clear APT::Update::Pre-Invoke;\n"
			 "#clear APT::Update::Post-Invoke;\n"
			 "#clear APT::Update::Post-Invoke-Success;\n",
			 place, place, place);
}

/* ---- lists ---- */

static char *text_of(const struct kh_apt *apt, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", apt->directory, name);
	return kh_root_text(apt->making->root, path);
}

/* Were the lists brought for these sources, and a moment ago? */
static bool is_fresh(const struct kh_apt *apt, const char *sources)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("%s/updated", apt->directory);
	kh_auto(kh_free) char *known = text_of(apt, "updated");
	struct stat status;
	time_t now = time(NULL);
	return known && strcmp(known, sources) == 0 &&
	       kh_root_stat(apt->making->root, path, false, &status, &ignored) == 0 &&
	       status.st_mtime <= now && now - status.st_mtime < FRESH_S;
}

static int run_apt(const struct kh_apt *apt, const char *const *words, unsigned timeout_s,
		   char **ret_output, struct kh_error *err)
{
	kh_auto(kh_free) char *configuration = kh_printf("%s/apt.conf", apt->host_directory);
	const char *argv[12] = {"apt-get", "-q", "-c", configuration};
	size_t count = 4;
	for (; *words && count + 1 < KH_COUNT(argv); words++)
		argv[count++] = *words;
	return kh_run(apt->making->runner, argv, timeout_s, ret_output, err);
}

/* An archive of somebody else may call its suite as the distribution does: who it says it is in its
 * (signed) Release file decides, and its list of sources goes. */
static bool is_own_origin(const char *release, const char *const *names)
{
	kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
	size_t line = 0;
	const char *at = release;
	while (kh_stanza_next(&at, &line, &stanza) == 0 && !kh_stanza_get(&stanza, "Origin"))
		kh_stanza_done(&stanza);
	const char *origin = kh_stanza_get(&stanza, "Origin");
	for (; origin && *names; names++)
		if (**names && strncasecmp(origin, *names, strlen(*names)) == 0)
			return true;
	return false;
}

/* The archive's Release file among these: the longest one that NAME begins with, or NULL. */
static const char *release_of(const struct kh_strv *files, const char *name)
{
	const char *found = NULL;
	size_t longest = 0;
	for (size_t i = 0; i < files->count; i++) {
		const char *file = files->items[i];
		if (!kh_str_ends(file, "_InRelease") && !kh_str_ends(file, "_Release"))
			continue;
		size_t length = (size_t)(strrchr(file, '_') - file) + 1;
		if (length > longest && strncmp(file, name, length) == 0) {
			longest = length;
			found = file;
		}
	}
	return found;
}

static bool is_own_list(const struct kh_apt *apt, const struct kh_strv *files, const char *name,
			const char *const *names)
{
	const char *release = release_of(files, name);
	kh_auto(kh_free) char *path =
		kh_printf("%s/lists/%s", apt->host_directory, release ? release : "");
	kh_auto(kh_free) char *text = release ? kh_root_text(&apt->machine, path) : NULL;
	return text && is_own_origin(text, names);
}

static int drop_strangers(const struct kh_apt *apt, struct kh_error *err)
{
	const struct kh_facts_os *os = &apt->making->facts->os;
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *lists = kh_printf("%s/lists", apt->directory);
	kh_strv_split(&names, os->id ? os->id : "", " ");
	kh_strv_split(&names, os->id_like ? os->id_like : "", " ");
	kh_auto(kh_free) const char **words = kh_alloc((names.count + 1) * sizeof(*words));
	for (size_t i = 0; i < names.count; i++)
		words[i] = names.items[i];
	kh_root_list(apt->making->root, lists, &files);
	for (size_t i = 0; i < files.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", lists, files.items[i]);
		if (kh_str_ends(files.items[i], "_source_Sources") &&
		    !is_own_list(apt, &files, files.items[i], words) &&
		    kh_area_remove(apt->making->root, path, err) != 0)
			return -1;
	}
	return 0;
}

static int update(const struct kh_apt *apt, const char *sources, struct kh_error *err)
{
	static const char *const words[] = {"update", NULL};
	kh_auto(kh_free) char *configuration = make_configuration(apt);
	kh_auto(kh_free) char *stamp = kh_printf("%s/updated", apt->directory);
	if (kh_area_remove(apt->making->root, stamp, err) != 0 ||
	    put_text(apt, "apt.conf", configuration, err) != 0 ||
	    put_text(apt, "sources.list.d/kvmhost.sources", sources, err) != 0)
		return -1;
	if (run_apt(apt, words, UPDATE_TIMEOUT_S, NULL, err) != 0) {
		kh_wrap(err, "lists of source packages");
		return kh_hint(err, "without a way to the distribution's archives, use a directory "
				    "that 'kvmhost bundle' made elsewhere as 'sources.provider'");
	}
	return drop_strangers(apt, err) == 0 ? put_text(apt, "updated", sources, err) : -1;
}

int kh_apt_open(const struct kh_making *making, bool is_update, struct kh_apt *ret_apt,
		struct kh_error *err)
{
	kh_auto(kh_apt_done) struct kh_apt apt = {.making = making, .machine = KH_ROOT_INIT};
	kh_auto(kh_free) char *sources = NULL;
	apt.directory = kh_printf("%s/apt", making->config->build.store);
	apt.host_directory = kh_area_host_path(making->root, apt.directory);
	if (kh_root_open("/", &apt.machine, err) != 0 ||
	    kh_apt_sources_text(making->root, &sources, err) != 0 ||
	    make_directories(&apt, err) != 0)
		return -1;
	apt.is_signed = !strcasestr(sources, "\ntrusted:") && !strcasestr(sources, "\nallow-");
	if ((is_update || !is_fresh(&apt, sources)) && update(&apt, sources, err) != 0)
		return -1;
	*ret_apt = apt;
	apt = (struct kh_apt){.machine = KH_ROOT_INIT};
	return 0;
}

/* ---- packages ---- */

static bool is_package(const char *paragraph, const char *package)
{
	static const char field[] = "Package:";
	const char *at =
		kh_str_starts(paragraph, field) ? paragraph : strstr(paragraph, "\nPackage:");
	if (!at)
		return false;
	at += (*at == '\n') + strlen(field);
	at += strspn(at, " \t");
	size_t length = strlen(package);
	return strncmp(at, package, length) == 0 && strchr(" \t\r\n", at[length]);
}

static void look_at(const char *paragraph, const char *package,
		    void (*found)(void *data, const struct kh_stanza *stanza), void *data)
{
	kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
	size_t line = 0;
	if (is_package(paragraph, package) && kh_stanza_next(&paragraph, &line, &stanza) == 0)
		found(data, &stanza);
}

int kh_apt_each_in(FILE *stream, const char *package,
		   void (*found)(void *data, const struct kh_stanza *stanza), void *data)
{
	kh_auto(kh_str_done) struct kh_str paragraph = {0};
	kh_auto(kh_free) char *line = NULL;
	size_t room = 0;
	for (;;) {
		ssize_t length = getline(&line, &room, stream);
		if (length > 1) {
			kh_str_add_bytes(&paragraph, line, (size_t)length);
			continue;
		}
		if (paragraph.length > 0)
			look_at(paragraph.text, package, found, data);
		paragraph.length = 0;
		if (length < 0)
			return ferror(stream) ? -1 : 0;
	}
}

int kh_apt_each(const struct kh_apt *apt, const char *package,
		void (*found)(void *data, const struct kh_stanza *stanza), void *data,
		struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv files = {0};
	kh_auto(kh_free) char *lists = kh_printf("%s/lists", apt->host_directory);
	kh_root_list(&apt->machine, lists, &files);
	for (size_t i = 0; i < files.count; i++) {
		if (!kh_str_ends(files.items[i], "_source_Sources"))
			continue;
		kh_auto(kh_free) char *path = kh_printf("%s/%s", lists, files.items[i]);
		int fd = kh_root_open_file(&apt->machine, path, O_RDONLY);
		kh_auto(kh_fclose) FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;
		if (!stream || kh_apt_each_in(stream, package, found, data) != 0) {
			kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
			if (!stream)
				kh_close(&fd);
			return -1;
		}
	}
	return 0;
}

int kh_apt_print_uris(const struct kh_apt *apt, const char *package, const char *version,
		      char **ret_text, struct kh_error *err)
{
	kh_auto(kh_free) char *exact = kh_printf("%s=%s", package, version);
	const char *const words[] = {"--print-uris", "--download-only", "source", exact, NULL};
	return run_apt(apt, words, QUERY_TIMEOUT_S, ret_text, err);
}

char *kh_apt_url(const char *uris, const char *name)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, uris);
	for (size_t i = 0; i < lines.count; i++) {
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, lines.items[i], " ");
		if (lines.items[i][0] != '\'' || words.count < 2 ||
		    strcmp(words.items[1], name) != 0)
			continue;
		const char *url = words.items[0] + 1;
		size_t length = strcspn(url, "'");
		if (kh_str_starts(url, "file:/") && !kh_str_starts(url, "file://"))
			return kh_printf("file://%.*s", (int)(length - 5), url + 5);
		bool is_usable = kh_str_starts(url, "http://") || kh_str_starts(url, "https://") ||
				 kh_str_starts(url, "file:///");
		return is_usable ? kh_strndup(url, length) : NULL;
	}
	return NULL;
}
