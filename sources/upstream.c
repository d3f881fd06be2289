/* upstream.c - releases as the projects publish them: from their own places, or from a mirror.
 *
 * Nothing is asked of the network here: which releases there are is what kvmhost's own table and
 * the configuration say, because only of these a digest is known.
 */
#include <string.h>

#include "core/base/mem.h"
#include "sources/provider.h"
#include "sources/record.h"
#include "sources/releases.h"

static void add_upstream_urls(const struct kh_program *program, struct kh_source *source)
{
	for (size_t f = 0; f < source->file_count; f++)
		for (const char *const *pattern = program->upstream; *pattern; pattern++) {
			kh_auto(kh_free) char *base = kh_program_place(*pattern, source->version);
			kh_strv_add_owned(&source->files[f].urls,
					  kh_program_url(base, source->files[f].name));
		}
}

static void add_candidate(const struct kh_request *request, const char *place, const char *version,
			  const char *sha256, struct kh_candidates *candidates)
{
	const struct kh_program *program = request->program;
	struct kh_source *source =
		kh_candidates_add(candidates, request, version, place ? place : "upstream");
	kh_auto(kh_free) char *archive = kh_program_archive(program, version);
	kh_record_add_file(source, archive, KH_SOURCE_ARCHIVE)->sha256 = kh_strdup(sha256);
	if (request->making->config->sources.keyring) {
		kh_auto(kh_free) char *signature = kh_program_signature(program, version);
		kh_record_add_file(source, signature, KH_SOURCE_SIGNATURE);
	}
	if (place)
		kh_provider_add_places(program, place, source);
	else
		add_upstream_urls(program, source);
}

static int refuse_unpinned(const struct kh_request *request, struct kh_error *err)
{
	const char *name = request->program->name;
	kh_auto(kh_strv_done) struct kh_strv known = {0};
	for (size_t i = 0; i < kh_release_count; i++)
		if (strcmp(kh_releases[i].program, name) == 0)
			kh_strv_add(&known, kh_releases[i].version);
	kh_auto(kh_free) char *versions = kh_strv_join(&known, ", ");
	kh_fail(err, KH_CONFIG, 0, "no digest is known of %s %s", request->program->title,
		request->wanted);
	kh_hint(err,
		"give '%s.sha256' the digest of %s-%s.tar.xz from the project's signed list, or use "
		"a release that kvmhost knows (%s), or a lock file that 'kvmhost fetch --lock' wrote",
		name, request->program->title, request->wanted, versions);
	return 1;
}

/* place: NULL for the projects' own. */
static int find(const struct kh_request *request, const char *place,
		struct kh_candidates *candidates, struct kh_error *err)
{
	bool is_any = strcmp(request->wanted, "distro") == 0;
	if (!is_any && request->sha256) {
		add_candidate(request, place, request->wanted, request->sha256, candidates);
		return 0;
	}
	for (size_t i = 0; i < kh_release_count; i++) {
		const struct kh_release *row = &kh_releases[i];
		bool is_wanted =
			is_any ? !request->sha256 || strcmp(row->sha256, request->sha256) == 0
			       : strcmp(row->version, request->wanted) == 0;
		if (strcmp(row->program, request->program->name) == 0 && is_wanted)
			add_candidate(request, place, row->version, row->sha256, candidates);
	}
	return candidates->count > 0 ? 0 : refuse_unpinned(request, err);
}

static int find_upstream(const struct kh_request *request, struct kh_candidates *ret_candidates,
			 struct kh_error *err)
{
	return find(request, NULL, ret_candidates, err);
}

static int find_place(const struct kh_request *request, struct kh_candidates *ret_candidates,
		      struct kh_error *err)
{
	return find(request, request->making->config->sources.provider, ret_candidates, err);
}

const struct kh_provider kh_provider_upstream = {"upstream", find_upstream};
const struct kh_provider kh_provider_place = {"the configured place", find_place};
