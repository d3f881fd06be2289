/* obtain.c - see obtain.h.
 *
 * Order: the small files first (where a mirror lacks a version, that shows at once), then the
 * archive into the working area, the patches on top, the tree gets its name, the record says so.
 * A tree that is there already under its name is whole: it is taken as it is.
 */
#include "sources/obtain.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sources/patch.h"
#include "sources/program.h"
#include "sources/record.h"
#include "sources/srpm.h"
#include "sources/transfer.h"

struct obtaining {
	const struct kh_making *making;
	const struct kh_area *area;
	struct kh_source *source;
	char *work; /* below the root */
};

static void obtaining_done(struct obtaining *obtaining)
{
	free(obtaining->work);
}

/* ---- transfers ---- */

static char *host_keyring(const struct obtaining *obtaining)
{
	const char *keyring = obtaining->making->config->sources.keyring;
	return keyring ? kh_area_host_path(obtaining->area->root, keyring) : NULL;
}

/* Only the archive carries a signature. */
static int want_signature(const struct obtaining *obtaining, struct kh_transfer *transfer,
			  struct kh_error *err)
{
	const struct kh_source *source = obtaining->source;
	const struct kh_source_file *signature = kh_record_file(source, KH_SOURCE_SIGNATURE);
	const struct kh_program *program = kh_program_find(source->program);
	if (!signature) {
		kh_fail(err, KH_HOST, 0, "'%s' has no signature of its makers: '%s' asks for one",
			transfer->name, "sources.keyring");
		return kh_hint(err, "use 'sources.provider: upstream', or leave 'sources.keyring' "
				    "out: the distribution's signed index has the digest");
	}
	transfer->signature_urls = &signature->urls;
	transfer->is_signature_of_tar =
		program->signs_tar && kh_str_ends(signature->name, ".tar.sign");
	return 0;
}

/* tree: path below the root to unpack to, or NULL. */
static int transfer_file(const struct obtaining *obtaining, struct kh_source_file *file,
			 const char *tree, struct kh_error *err)
{
	const struct kh_area *area = obtaining->area;
	kh_auto(kh_free) char *kept = kh_printf("%s/archives/%s", area->store, file->name);
	kh_auto(kh_free) char *keep = kh_area_host_path(area->root, kept);
	kh_auto(kh_free) char *host_tree = tree ? kh_area_host_path(area->root, tree) : NULL;
	kh_auto(kh_free) char *keyring =
		file->role == KH_SOURCE_ARCHIVE ? host_keyring(obtaining) : NULL;
	kh_auto(kh_transfer_result_done) struct kh_transfer_result result = {0};
	bool keeps_top = kh_srpm_is(file->name);
	struct kh_transfer transfer = {.name = file->name,
				       .keeps_top = keeps_top,
				       .urls = &file->urls,
				       .size_bytes = file->size_bytes,
				       .sha256 = file->sha256,
				       .keep = keep,
				       .tree = host_tree,
				       .keyring = keyring,
				       .uid = area->account.is_own ? 0 : area->account.uid,
				       .gid = area->account.is_own ? 0 : area->account.gid};
	if (keyring && want_signature(obtaining, &transfer, err) != 0)
		return -1;
	int outcome = kh_transfer_run(obtaining->making, &transfer, &result, err);
	if (outcome != 0)
		return outcome;
	file->size_bytes = result.size_bytes;
	if (result.signer) {
		free(obtaining->source->signer);
		obtaining->source->signer = kh_take(result.signer);
	}
	return 0;
}

static int transfer_role(const struct obtaining *obtaining, enum kh_source_role role,
			 const char *tree, struct kh_error *err)
{
	struct kh_source *source = obtaining->source;
	for (size_t i = 0; i < source->file_count; i++) {
		struct kh_source_file *file = &source->files[i];
		if (file->role != role || !file->sha256)
			continue; /* a signature without a digest comes with its archive */
		int outcome = transfer_file(obtaining, file, tree, err);
		if (outcome != 0)
			return outcome;
	}
	return 0;
}

/* ---- the tree ---- */

/* Its only archive is the package: unpacked beside, and put together from there. */
static int make_rpm_tree(const struct obtaining *obtaining, const char *tree, struct kh_error *err)
{
	struct kh_source *source = obtaining->source;
	kh_auto(kh_free) char *package = kh_printf("%s/package", obtaining->work);
	int outcome = transfer_role(obtaining, KH_SOURCE_ARCHIVE, package, err);
	if (outcome != 0)
		return outcome;
	return kh_srpm_tree(obtaining->making, obtaining->area, kh_program_find(source->program),
			    obtaining->work, package, tree, err);
}

static int make_deb_tree(const struct obtaining *obtaining, const char *tree, struct kh_error *err)
{
	kh_auto(kh_free) char *debian = kh_printf("%s/debian", obtaining->work);
	int outcome = transfer_role(obtaining, KH_SOURCE_PATCHES, debian, err);
	if (outcome == 0)
		outcome = transfer_role(obtaining, KH_SOURCE_ARCHIVE, tree, err);
	if (outcome != 0 || !kh_record_file(obtaining->source, KH_SOURCE_PATCHES))
		return outcome;
	return kh_patch_tree(obtaining->making, obtaining->area, tree, debian, err);
}

static int fetch_only(const struct obtaining *obtaining, struct kh_error *err)
{
	int outcome = transfer_role(obtaining, KH_SOURCE_PATCHES, NULL, err);
	return outcome == 0 ? transfer_role(obtaining, KH_SOURCE_ARCHIVE, NULL, err) : outcome;
}

/* What makes the tree is fetched in any case, so that a bundle can be made of it. */
static int make_tree(const struct obtaining *obtaining, bool is_there, struct kh_error *err)
{
	struct kh_source *source = obtaining->source;
	kh_auto(kh_free) char *tree = kh_printf("%s/tree", obtaining->work);
	int outcome = transfer_role(obtaining, KH_SOURCE_INDEX, NULL, err);
	if (outcome == 0)
		outcome = transfer_role(obtaining, KH_SOURCE_SIGNATURE, NULL, err);
	if (outcome == 0 && is_there)
		return fetch_only(obtaining, err);
	if (outcome == 0)
		outcome = kh_srpm_is(kh_record_file(source, KH_SOURCE_ARCHIVE)->name)
				  ? make_rpm_tree(obtaining, tree, err)
				  : make_deb_tree(obtaining, tree, err);
	return outcome == 0 ? kh_area_publish(obtaining->area, tree, source->tree, err) : outcome;
}

int kh_obtain(const struct kh_making *making, const struct kh_area *area, struct kh_source *source,
	      struct kh_error *err)
{
	kh_auto(obtaining_done) struct obtaining obtaining = {
		.making = making, .area = area, .source = source};
	kh_record_digest(source);
	free(source->tree);
	source->tree =
		kh_printf("%s/sources/%s-%.16s", area->store, source->program, source->digest);
	bool is_there = kh_root_is_dir(area->root, source->tree);
	if (kh_area_begin(area, source->program, &obtaining.work, err) != 0)
		return -1;
	int outcome = make_tree(&obtaining, is_there, err);
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_area_remove(area->root, obtaining.work, &ignored); /* else the next run does it */
	if (outcome != 0)
		return outcome;
	if (kh_record_write(area->root, area->store, source, err) != 0)
		return -1;
	kh_area_remove_others(area, source->program, source->tree);
	return 0;
}
