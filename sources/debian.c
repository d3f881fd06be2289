/* debian.c - the provider of Debian's and Ubuntu's source packages; see apt.h for how they are
 * found. All versions that the archives list are candidates, the newest first: an archive's mirror
 * may list a version whose files it does not have. */
#include "sources/debian.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sources/apt.h"
#include "sources/debversion.h"
#include "sources/record.h"

/* ---- a paragraph as a source ---- */

static bool is_archive_name(const char *name, const char *middle)
{
	const char *at = strstr(name, middle);
	return at && !strstr(at, ".asc") && !strstr(at, ".sig");
}

int kh_debian_role(const char *name)
{
	if (kh_str_ends(name, ".dsc"))
		return KH_SOURCE_INDEX;
	if (is_archive_name(name, ".debian.tar."))
		return KH_SOURCE_PATCHES;
	if (is_archive_name(name, ".orig.tar."))
		return KH_SOURCE_ARCHIVE;
	return strstr(name, ".orig.tar.") ? KH_SOURCE_SIGNATURE : -1;
}

static bool is_good_name(const char *name)
{
	return *name != '.' && *name != '-' && !strpbrk(name, "/\\'\"") && strlen(name) < 200;
}

static bool is_digest(const char *text)
{
	return strlen(text) == KH_DIGEST_SIZE - 1 && text[strspn(text, "0123456789abcdef")] == '\0';
}

/* "DIGEST SIZE NAME" */
static int add_file(const char *line, struct kh_source *source)
{
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	kh_strv_split(&words, line, " \t\r");
	if (words.count == 0)
		return 0;
	if (words.count != 3 || !is_digest(words.items[0]) || kh_str_number(words.items[1]) < 0 ||
	    !is_good_name(words.items[2]))
		return 1;
	int role = kh_debian_role(words.items[2]);
	if (role < 0 || (role != KH_SOURCE_SIGNATURE && role != KH_SOURCE_INDEX &&
			 kh_record_file(source, (enum kh_source_role)role)))
		return 1;
	struct kh_source_file *file =
		kh_record_add_file(source, words.items[2], (enum kh_source_role)role);
	file->sha256 = kh_strdup(words.items[0]);
	file->size_bytes = kh_str_number(words.items[1]);
	return 0;
}

int kh_debian_read(const struct kh_stanza *stanza, struct kh_source *source)
{
	const char *version = kh_stanza_get(stanza, "Version");
	const char *format = kh_stanza_get(stanza, "Format");
	const char *sums = kh_stanza_get(stanza, "Checksums-Sha256");
	if (!version || !*version || !format || !sums || strcmp(format, "3.0 (quilt)") != 0)
		return 1;
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, sums);
	for (size_t i = 0; i < lines.count; i++)
		if (add_file(lines.items[i], source) != 0)
			return 1;
	if (!kh_record_file(source, KH_SOURCE_ARCHIVE) ||
	    !kh_record_file(source, KH_SOURCE_PATCHES))
		return 1;
	source->package_version = kh_strdup(version);
	source->version = kh_debversion_program(version);
	return 0;
}

/* ---- what is listed ---- */

struct listing {
	const struct kh_request *request;
	struct kh_candidates *candidates;
	struct kh_strv seen;   /* versions, for the message when the wanted one is not among them */
	struct kh_strv unread; /* versions in a form that is not known here */
};

static void listing_done(struct listing *listing)
{
	kh_strv_done(&listing->seen);
	kh_strv_done(&listing->unread);
}

bool kh_debian_is_version(const char *package_version, const char *wanted)
{
	kh_auto(kh_free) char *upstream = kh_debversion_upstream(package_version);
	kh_auto(kh_free) char *program = kh_debversion_program(package_version);
	const char *colon = strchr(package_version, ':');
	return strcmp(wanted, "distro") == 0 || strcmp(wanted, package_version) == 0 ||
	       (colon && strcmp(wanted, colon + 1) == 0) || strcmp(wanted, upstream) == 0 ||
	       strcmp(wanted, program) == 0;
}

static void see(void *data, const struct kh_stanza *stanza)
{
	struct listing *listing = data;
	const struct kh_request *request = listing->request;
	const char *version = kh_stanza_get(stanza, "Version");
	const char *extra = kh_stanza_get(stanza, "Extra-Source-Only");
	if (!version || (extra && strcmp(extra, "yes") == 0) ||
	    kh_strv_has(&listing->seen, version)) /* the same in two suites */
		return;
	kh_strv_add(&listing->seen, version);
	if (!kh_debian_is_version(version, request->wanted))
		return;
	struct kh_source source = {0};
	if (kh_debian_read(stanza, &source) != 0) {
		kh_strv_add(&listing->unread, version);
		kh_source_done(&source);
		return;
	}
	source.program = kh_strdup(request->program->name);
	source.wanted = kh_strdup(request->wanted);
	source.provider = kh_strdup("distro");
	*kh_append(listing->candidates->items, listing->candidates->count) = source;
}

static int by_version(const void *a, const void *b)
{
	const struct kh_source *one = a, *two = b;
	return kh_debversion_compare(two->package_version, one->package_version);
}

static int refuse(struct listing *listing, struct kh_error *err)
{
	const struct kh_program *program = listing->request->program;
	const char *wanted = listing->request->wanted;
	if (listing->unread.count > 0) {
		kh_fail(err, KH_HOST, 0,
			"source package '%s' %s is not in the format 3.0 (quilt) with one archive",
			program->deb_package, listing->unread.items[0]);
		return 1;
	}
	kh_auto(kh_free) char *versions = kh_strv_join(&listing->seen, ", ");
	bool is_exact = strcmp(wanted, "distro") != 0;
	kh_fail(err, KH_HOST, 0, "no source package '%s'%s%s is listed", program->deb_package,
		is_exact ? " of version " : "", is_exact ? wanted : "");
	if (listing->seen.count > 0)
		kh_hint(err, "the distribution's archives have %s", versions);
	return 1;
}

/* ---- where it is ---- */

static int add_urls(const struct kh_apt *apt, const struct kh_program *program,
		    struct kh_source *source, struct kh_error *err)
{
	kh_auto(kh_free) char *uris = NULL;
	if (kh_apt_print_uris(apt, program->deb_package, source->package_version, &uris, err) != 0)
		return -1;
	for (size_t i = 0; i < source->file_count; i++) {
		char *url = kh_apt_url(uris, source->files[i].name);
		if (!url)
			return kh_fail(err, KH_HOST, 0, "apt names no usable place of '%s'",
				       source->files[i].name);
		kh_strv_add_owned(&source->files[i].urls, url);
	}
	if (apt->is_signed)
		source->signer = kh_strdup(kh_record_signed_index);
	return 0;
}

static int find(const struct kh_request *request, struct kh_candidates *ret_candidates,
		struct kh_error *err)
{
	kh_auto(kh_apt_done) struct kh_apt apt = {.machine = KH_ROOT_INIT};
	kh_auto(listing_done) struct listing listing = {.request = request,
							.candidates = ret_candidates};
	const struct kh_program *program = request->program;
	if (kh_apt_open(request->making, request->is_update, &apt, err) != 0 ||
	    kh_apt_each(&apt, program->deb_package, see, &listing, err) != 0)
		return -1;
	if (ret_candidates->count == 0)
		return refuse(&listing, err);
	qsort(ret_candidates->items, ret_candidates->count, sizeof(*ret_candidates->items),
	      by_version);
	for (size_t i = 0; i < ret_candidates->count; i++)
		if (add_urls(&apt, program, &ret_candidates->items[i], err) != 0)
			return -1;
	return 0;
}

const struct kh_provider kh_provider_debian = {"distro", find};
