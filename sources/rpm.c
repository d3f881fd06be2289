/* rpm.c - the provider of source packages of the CentOS family; see dnf.h for how they are found
 * and brought.
 *
 * Of all that is listed, one is brought: the wanted version, or the newest. dnf has compared it
 * with the repository's metadata, so its digest is the metadata's; rpmkeys.h has its signature. It
 * is put where the transfer (obtain.c) looks before it asks the network, and is unpacked from
 * there.
 *
 * Another repository may have a package of the same name: only those of the vendor that the
 * distribution's own release package (what provides system-release) has count.
 */
#include "sources/rpm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "sources/area.h"
#include "sources/dnf.h"
#include "sources/dnf_repos.h"
#include "sources/provider.h"
#include "sources/record.h"
#include "sources/rpmkeys.h"
#include "sources/rpmversion.h"

enum { VENDOR_TIMEOUT_S = 60 };

/* ---- what is listed ---- */

void kh_rpm_packages_done(struct kh_rpm_packages *packages)
{
	for (size_t i = 0; i < packages->count; i++) {
		free(packages->items[i].version);
		free(packages->items[i].spec);
		free(packages->items[i].file);
		free(packages->items[i].repo);
		free(packages->items[i].vendor);
	}
	free(packages->items);
	*packages = (struct kh_rpm_packages){0};
}

/* They become part of paths and command lines. Source: rpm-spec(5), "Version", "Release". */
static bool is_good_word(const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+~^";
	return *word && *word != '.' && word[strspn(word, letters)] == '\0' && strlen(word) < 100;
}

/* "kernel|0|5.14.0|503.el9|baseos-source.src|CentOS" */
static void read_line(char *line, const char *name, struct kh_rpm_packages *packages)
{
	char *fields[6];
	for (size_t i = 0; i < KH_COUNT(fields); i++) {
		fields[i] = line;
		char *bar = i + 1 < KH_COUNT(fields) ? strchr(line, '|') : NULL;
		if (!bar && i + 1 < KH_COUNT(fields))
			return;
		if (bar) {
			*bar = '\0';
			line = bar + 1;
		}
	}
	const char *epoch = fields[1], *version = fields[2], *release = fields[3];
	if (strcmp(fields[0], name) != 0 || kh_str_number(epoch) < 0 || !is_good_word(version) ||
	    !is_good_word(release))
		return;
	struct kh_rpm_package *package = kh_append(packages->items, packages->count);
	package->version = strcmp(epoch, "0") == 0 ? kh_printf("%s-%s", version, release)
						   : kh_printf("%s:%s-%s", epoch, version, release);
	package->spec = kh_printf("%s-%s:%s-%s", name, epoch, version, release);
	package->file = kh_printf("%s-%s-%s.src.rpm", name, version, release);
	package->repo = kh_strdup(fields[4]);
	package->vendor = kh_strdup(kh_str_trim(fields[5]));
}

static int by_version(const void *a, const void *b)
{
	const struct kh_rpm_package *one = a, *two = b;
	return kh_rpmversion_compare(two->version, one->version);
}

void kh_rpm_read_list(const char *text, const char *name, struct kh_rpm_packages *ret_packages)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	*ret_packages = (struct kh_rpm_packages){0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		read_line(lines.items[i], name, ret_packages);
	if (ret_packages->count > 1)
		qsort(ret_packages->items, ret_packages->count, sizeof(*ret_packages->items),
		      by_version);
}

/* ---- which of them ---- */

/* Whose packages are the distribution's; owned, or NULL: this root's database does not say. */
static char *find_vendor(const struct kh_making *making)
{
	static const char *const places[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *database = NULL;
	for (size_t i = 0; !database && i < KH_COUNT(places); i++)
		if (kh_root_is_dir(making->root, places[i]))
			database = kh_area_host_path(making->root, places[i]);
	if (!database)
		return NULL;
	const char *const argv[] = {
		"rpm",           "--dbpath",     database, "-q", "--whatprovides", "system-release",
		"--queryformat", "%{VENDOR}\\n", NULL};
	const char *const live[] = {
		"rpm",          "-q", "--whatprovides", "system-release", "--queryformat",
		"%{VENDOR}\\n", NULL};
	kh_auto(kh_free) char *text = NULL;
	if (kh_run(making->runner, making->root->is_live ? live : argv, VENDOR_TIMEOUT_S, &text,
		   &ignored) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return *text && strcmp(text, "(none)") != 0 ? kh_take(text) : NULL;
}

static int refuse(const struct kh_request *request, const struct kh_rpm_packages *packages,
		  const char *vendor, struct kh_error *err)
{
	const char *name = request->program->rpm_package;
	bool is_exact = strcmp(request->wanted, "distro") != 0;
	kh_auto(kh_strv_done) struct kh_strv own = {0};
	for (size_t i = 0; i < packages->count; i++)
		if ((!vendor || strcmp(packages->items[i].vendor, vendor) == 0) &&
		    !kh_strv_has(&own, packages->items[i].version))
			kh_strv_add(&own, packages->items[i].version);
	kh_auto(kh_free) char *versions = kh_strv_join(&own, ", ");
	kh_fail(err, KH_HOST, 0, "no source package '%s'%s%s is listed", name,
		is_exact ? " of version " : "", is_exact ? request->wanted : "");
	if (own.count > 0)
		kh_hint(err, "the distribution's repositories have %s", versions);
	else if (packages->count > 0)
		kh_hint(err, "there is one of '%s', but this distribution's packages are of '%s'",
			packages->items[0].vendor, vendor);
	return 1;
}

static const struct kh_rpm_package *choose(const struct kh_request *request,
					   const struct kh_rpm_packages *packages,
					   const char *vendor)
{
	for (size_t i = 0; i < packages->count; i++)
		if ((!vendor || strcmp(packages->items[i].vendor, vendor) == 0) &&
		    kh_rpmversion_is(packages->items[i].version, request->wanted))
			return &packages->items[i];
	return NULL;
}

/* ---- bringing it ---- */

static int digest_file(const struct kh_root *root, const char *path, char ret_hex[KH_DIGEST_SIZE],
		       long long *ret_size, struct kh_error *err)
{
	struct stat status;
	kh_auto(kh_close) int fd = kh_root_open_at(root, path, O_RDONLY);
	if (fd < 0 || fstat(fd, &status) != 0 || kh_digest_fd(fd, ret_hex) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
	*ret_size = status.st_size;
	return 0;
}

/* Signed, or with the digest that the operator gave. */
static int check_signature(const struct kh_dnf *dnf, const struct kh_request *request,
			   const struct kh_rpm_package *package, const char *path,
			   struct kh_source *source, struct kh_error *err)
{
	static const struct kh_repo nameless = {0};
	const struct kh_repo *repo = kh_dnf_repos_origin(&dnf->repos, package->repo);
	kh_auto(kh_free) char *host_path = kh_area_host_path(dnf->making->root, path);
	kh_auto(kh_free) char *signer = NULL;
	const char *digest = kh_record_file(source, KH_SOURCE_ARCHIVE)->sha256;
	int outcome = kh_rpmkeys_check(dnf->making, repo ? repo : &nameless, dnf->directory,
				       host_path, &signer, err);
	if (outcome < 0)
		return kh_wrap(err, "source package '%s'", package->file);
	if (outcome == 0) {
		source->signer = kh_printf("%s (%s)", kh_record_signed_package, signer);
		return 0;
	}
	if (request->sha256 && strcmp(request->sha256, digest) == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "source package '%s' is not signed", package->file);
	return kh_hint(err,
		       "it has the sha256 %s: with '%s.sha256' set to a digest that you know "
		       "to be right it is taken without a signature",
		       digest, request->program->name);
}

static int keep(const struct kh_dnf *dnf, const char *path, const char *name, struct kh_error *err)
{
	const struct kh_making *making = dnf->making;
	kh_auto(kh_free) char *archives = kh_printf("%s/archives", making->config->build.store);
	kh_auto(kh_free) char *kept = kh_printf("%s/%s", archives, name);
	struct kh_area area = {.root = making->root, .store = making->config->build.store};
	if (kh_area_make_dir(making->root, archives, err) != 0 ||
	    kh_area_remove(making->root, kept, err) != 0)
		return -1;
	return kh_area_publish(&area, path, kept, err);
}

static int bring(const struct kh_dnf *dnf, const struct kh_request *request,
		 const struct kh_rpm_package *package, struct kh_candidates *candidates,
		 struct kh_error *err)
{
	kh_auto(kh_free) char *path = NULL;
	char digest[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *program = kh_rpmversion_program(package->version);
	if (kh_dnf_download(dnf, package->spec, package->file, &path, err) != 0)
		return -1;
	struct kh_source *source = kh_candidates_add(candidates, request, program, "distro");
	struct kh_source_file *file = kh_record_add_file(source, package->file, KH_SOURCE_ARCHIVE);
	source->package_version = kh_strdup(package->version);
	if (digest_file(dnf->making->root, path, digest, &file->size_bytes, err) != 0)
		return -1;
	file->sha256 = kh_strdup(digest);
	char *url = kh_dnf_url(dnf, package->spec);
	if (url)
		kh_strv_add_owned(&file->urls, url);
	if (check_signature(dnf, request, package, path, source, err) != 0) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_area_remove(dnf->making->root, path, &ignored);
		return -1;
	}
	return keep(dnf, path, package->file, err);
}

static int find(const struct kh_request *request, struct kh_candidates *ret_candidates,
		struct kh_error *err)
{
	const struct kh_making *making = request->making;
	const char *name = request->program->rpm_package;
	kh_auto(kh_dnf_done) struct kh_dnf dnf = {0};
	kh_auto(kh_rpm_packages_done) struct kh_rpm_packages packages = {0};
	kh_auto(kh_free) char *text = NULL;
	if (kh_dnf_open(making, request->is_update, &dnf, err) != 0 ||
	    kh_dnf_list(&dnf, name, &text, err) != 0)
		return -1;
	kh_rpm_read_list(text, name, &packages);
	kh_auto(kh_free) char *vendor = find_vendor(making);
	if (!vendor)
		kh_provider_warn(making,
				 "rpm's database does not say whose packages are this "
				 "distribution's (nothing provides 'system-release'): '%s' is "
				 "taken from whatever source repository has it",
				 name);
	const struct kh_rpm_package *package = choose(request, &packages, vendor);
	if (!package)
		return refuse(request, &packages, vendor, err);
	return bring(&dnf, request, package, ret_candidates, err);
}

const struct kh_provider kh_provider_rpm = {"distro", find};
