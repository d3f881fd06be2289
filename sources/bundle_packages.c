/* bundle_packages.c - packages with all they depend on, and an index of them; see bundle.h.
 *
 * apt is told that nothing is installed, so what it downloads is enough for any host of this
 * release, whatever that has already. It verifies each package against its signed lists. The index
 * is written by hand: apt-ftparchive is rarely there, and dpkg-deb(1) prints all of it but three
 * lines. Source: "Repository format", wiki.debian.org.
 */
#include "sources/bundle_packages.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "sources/area.h"

enum { DOWNLOAD_TIMEOUT_S = 7200, QUERY_TIMEOUT_S = 60 };

static int put_text(const struct kh_root *machine, const char *path, const char *text,
		    struct kh_error *err)
{
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(machine, path, text, strlen(text), &meta, err);
}

static int download(const struct kh_bundle *bundle, const struct kh_root *machine,
		    const char *place, struct kh_error *err)
{
	kh_auto(kh_free) char *partial = kh_printf("%s/partial", place);
	kh_auto(kh_free) char *status = kh_printf("%s/partial/status", place);
	kh_auto(kh_free) char *status_option = kh_printf("Dir::State::status=%s", status);
	kh_auto(kh_free) char *place_option = kh_printf("Dir::Cache::archives=%s", place);
	const char *const options[] = {"apt-get",
				       "-q",
				       "-y",
				       "--download-only",
				       "--no-install-recommends",
				       "-o",
				       "Debug::NoLocking=true",
				       "-o",
				       "Dir::Cache::pkgcache=",
				       "-o",
				       "Dir::Cache::srcpkgcache=",
				       "-o",
				       status_option,
				       "-o",
				       place_option,
				       "install"};
	size_t count = KH_COUNT(options);
	kh_auto(kh_free) const char **argv =
		kh_alloc((count + bundle->packages->count + 1) * sizeof(*argv));
	memcpy(argv, options, sizeof(options));
	for (size_t i = 0; i < bundle->packages->count; i++)
		argv[count++] = bundle->packages->items[i];
	if (kh_area_make_dir(machine, partial, err) != 0 || put_text(machine, status, "", err) != 0)
		return -1;
	int result = kh_run(bundle->making->runner, argv, DOWNLOAD_TIMEOUT_S, NULL, err);
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_area_remove(machine, partial, &ignored);
	if (result == 0)
		return 0;
	return kh_hint(err, "'apt-get update' brings the lists of packages up to date");
}

static int add_entry(const struct kh_bundle *bundle, const struct kh_root *machine,
		     const char *place, const char *name, struct kh_str *index,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", place, name);
	kh_auto(kh_free) char *control = NULL;
	kh_auto(kh_file_state_done) struct kh_file_state package = {0};
	const char *const argv[] = {"dpkg-deb", "-f", path, NULL};
	if (kh_run(bundle->making->runner, argv, QUERY_TIMEOUT_S, &control, err) != 0)
		return -1;
	if (kh_file_look_digest(machine, path, &package, err) != 0 ||
	    package.type != KH_FILE_REGULAR)
		return kh_fail(err, KH_SYSTEM, 0, "'%s' cannot be read", path);
	kh_str_addf(index, "%s\nFilename: ./%s\nSize: %zu\nSHA256: %s\n\n", kh_str_trim(control),
		    name, package.length, package.digest);
	return 0;
}

int kh_bundle_add_packages(const struct kh_bundle *bundle, const struct kh_root *machine,
			   size_t *ret_count, struct kh_error *err)
{
	kh_auto(kh_free) char *place = kh_printf("%s/packages", bundle->directory);
	kh_auto(kh_free) char *index_path = kh_printf("%s/Packages", place);
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_str_done) struct kh_str index = {0};
	if (download(bundle, machine, place, err) != 0)
		return kh_wrap(err, "packages");
	kh_root_list(machine, place, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!kh_str_ends(names.items[i], ".deb"))
			continue;
		if (add_entry(bundle, machine, place, names.items[i], &index, err) != 0)
			return kh_wrap(err, "packages");
		(*ret_count)++;
	}
	return put_text(machine, index_path, kh_str_text(&index), err);
}
