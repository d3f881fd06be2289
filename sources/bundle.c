/* bundle.c - see bundle.h: archives, the lock file, README. The packages are bundle_packages.c. */
#include "sources/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "sources/area.h"
#include "sources/bundle_packages.h"
#include "sources/pin.h"
#include "sources/provider.h"
#include "sources/record.h"
#include "sources/transfer.h"

/* ---- archives ---- */

/* From the store, with its digest compared once more on the way. */
static int copy_file(const struct kh_bundle *bundle, const struct kh_source_file *file,
		     struct kh_error *err)
{
	const struct kh_making *making = bundle->making;
	kh_auto(kh_transfer_result_done) struct kh_transfer_result result = {0};
	kh_auto(kh_strv_done) struct kh_strv urls = {0};
	kh_auto(kh_free) char *archives = kh_printf("%s/archives", making->config->build.store);
	kh_auto(kh_free) char *host_archives = kh_area_host_path(making->root, archives);
	kh_auto(kh_free) char *base = kh_printf("file://%s", host_archives);
	kh_auto(kh_free) char *keep = kh_printf("%s/%s", bundle->directory, file->name);
	kh_strv_add_owned(&urls, kh_program_url(base, file->name));
	kh_strv_copy(&urls, &file->urls); /* removed from the store since: once more */
	struct kh_transfer transfer = {.name = file->name,
				       .urls = &urls,
				       .size_bytes = file->size_bytes,
				       .sha256 = file->sha256,
				       .keep = keep};
	return kh_transfer_run(making, &transfer, &result, err) == 0 ? 0 : -1;
}

/* Upstream's signature came with its archive and was verified with it; it lies beside it. */
static int copy_signature(const struct kh_bundle *bundle, const struct kh_source *source,
			  const struct kh_source_file *file, struct kh_root *machine,
			  struct kh_error *err)
{
	const struct kh_making *making = bundle->making;
	const struct kh_source_file *archive = kh_record_file(source, KH_SOURCE_ARCHIVE);
	kh_auto(kh_free) char *kept =
		kh_printf("%s/archives/%s.sig", making->config->build.store, archive->name);
	kh_auto(kh_free) char *place = kh_printf("%s/%s", bundle->directory, file->name);
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	int found = kh_root_read(making->root, kept, &bytes, &length, err);
	if (found != 0) {
		kh_provider_warn(making,
				 "the signature '%s' is not in the store and not in the "
				 "bundle",
				 file->name);
		kh_error_done(err);
		*err = (struct kh_error)KH_ERROR_INIT;
		return 0;
	}
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(machine, place, bytes, length, &meta, err);
}

static int copy_source(const struct kh_bundle *bundle, const struct kh_source *source,
		       struct kh_root *machine, struct kh_error *err)
{
	for (size_t i = 0; i < source->file_count; i++) {
		const struct kh_source_file *file = &source->files[i];
		int result = file->sha256 ? copy_file(bundle, file, err)
					  : copy_signature(bundle, source, file, machine, err);
		if (result != 0)
			return -1;
	}
	return 0;
}

/* ---- texts ---- */

static char *make_readme(const struct kh_bundle *bundle, size_t package_count)
{
	struct kh_str text = {0};
	kh_str_add(&text, "Sources that kvmhost builds from, for a host without a network.\n\n");
	for (size_t i = 0; i < bundle->source_count; i++)
		kh_str_addf(&text, "  %-8s %s\n", bundle->sources[i].program,
			    bundle->sources[i].package_version ? bundle->sources[i].package_version
							       : bundle->sources[i].version);
	kh_str_add(&text,
		   "\nOn that host, with kvmhost installed:\n\n"
		   "  1. Copy this directory there, say to /srv/kvmhost-bundle.\n"
		   "  2. Copy kvmhost.lock from it to /etc/kvmhost/ (beside the "
		   "configuration): it has the\n     digests. Compare it with the one "
		   "where the bundle was made.\n"
		   "  3. In /etc/kvmhost/kvmhost.yaml:\n\n"
		   "       sources:\n         provider: /srv/kvmhost-bundle\n\n"
		   "     and the versions as they were configured where the bundle was made.\n"
		   "  4. kvmhost apply\n");
	if (package_count > 0)
		kh_str_addf(&text,
			    "\npackages/ has %zu packages of the distribution release that the "
			    "bundle was made on;\nthey are installed from there. Their digests "
			    "are in packages/Packages.\n",
			    package_count);
	return kh_str_take(&text);
}

static int put_readme(const struct kh_bundle *bundle, struct kh_root *machine, size_t package_count,
		      struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/README", bundle->directory);
	kh_auto(kh_free) char *text = make_readme(bundle, package_count);
	struct kh_file_state meta = {
		.type = KH_FILE_REGULAR, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	return kh_file_put(machine, path, text, strlen(text), &meta, err);
}

int kh_bundle_make(const struct kh_bundle *bundle, size_t *ret_packages, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root machine = KH_ROOT_INIT;
	kh_auto(kh_free) char *lock = kh_printf("%s/kvmhost.lock", bundle->directory);
	size_t packages = 0;
	if (kh_root_open("/", &machine, err) != 0 ||
	    kh_area_make_dir(&machine, bundle->directory, err) != 0)
		return kh_wrap(err, "bundle '%s'", bundle->directory);
	for (size_t i = 0; i < bundle->source_count; i++)
		if (copy_source(bundle, &bundle->sources[i], &machine, err) != 0)
			return kh_wrap(err, "bundle '%s'", bundle->directory);
	if ((bundle->packages->count > 0 &&
	     kh_bundle_add_packages(bundle, &machine, &packages, err) != 0) ||
	    put_readme(bundle, &machine, packages, err) != 0 ||
	    kh_pin_write(lock, bundle->sources, bundle->source_count, err) != 0)
		return kh_wrap(err, "bundle '%s'", bundle->directory);
	*ret_packages = packages;
	return 0;
}
