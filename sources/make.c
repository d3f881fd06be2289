/* make.c - kh_source_maker: which providers are asked, in which order, and what becomes of it.
 *
 *   the lock file has it        exactly that, from its URLs or the configured place
 *   provider upstream, distro   that one
 *   a directory or URL          that one
 *   auto, version distro        the distribution: upstream has no notion of it
 *   auto, an exact version      upstream where it can be reached and a digest is known, else the
 *                               distribution
 *
 * A candidate that is listed but not there is followed by the next older one only where no exact
 * version is asked for, and that is said. A wrong digest or signature is never followed by
 * anything.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "sources/choice.h"
#include "sources/obtain.h"
#include "sources/pin.h"
#include "sources/provider.h"
#include "sources/reach.h"
#include "sources/record.h"

struct asking {
	struct kh_request request;
	struct kh_area area;
	struct kh_strv reasons; /* why not, one per provider */
	enum kh_code code;      /* of the first of them */
	char *hint;
};

static void asking_done(struct asking *asking)
{
	kh_strv_done(&asking->reasons);
	free(asking->hint);
}

static bool is_exact(const struct asking *asking)
{
	return strcmp(asking->request.wanted, "distro") != 0;
}

/* Keep why somebody does not have it; the error is used up. */
static int note_reason(struct asking *asking, const char *name, struct kh_error *err)
{
	kh_strv_addf(&asking->reasons, "%s: %s", name, err->message);
	if (asking->code == KH_OK)
		asking->code = err->code;
	if (!asking->hint)
		asking->hint = kh_strdup(err->hint);
	kh_error_done(err);
	*err = (struct kh_error)KH_ERROR_INIT;
	return 1;
}

static int give_up(const struct asking *asking, struct kh_error *err)
{
	kh_auto(kh_free) char *reasons = kh_strv_join(&asking->reasons, "; ");
	kh_fail(err, asking->code, 0, "%s%s%s: no source: %s", asking->request.program->title,
		is_exact(asking) ? " " : "", is_exact(asking) ? asking->request.wanted : "",
		reasons);
	return asking->hint ? kh_hint(err, "%s", asking->hint) : -1;
}

/* ---- candidates ---- */

static const char *name_of(const struct kh_source *source)
{
	return source->package_version ? source->package_version : source->version;
}

/* Returns 0 when one of them is in the store; 1 when none is to be had; -1. */
static int try_candidates(struct asking *asking, const char *name, struct kh_candidates *candidates,
			  struct kh_error *err)
{
	const struct kh_making *making = asking->request.making;
	for (size_t i = 0; i < candidates->count; i++) {
		struct kh_source *source = &candidates->items[i];
		if (kh_choice_check_digest(making->config, source, name, err) != 0)
			return -1;
		int outcome = kh_obtain(making, &asking->area, source, err);
		if (outcome <= 0)
			return outcome;
		if (i + 1 < candidates->count)
			kh_provider_warn(making, "%s %s is listed, but not there (%s): %s is tried",
					 asking->request.program->title, name_of(source),
					 err->message, name_of(&candidates->items[i + 1]));
		note_reason(asking, name, err);
	}
	return 1;
}

/* wants_way: only where upstream can be reached; said beforehand rather than after many tries. */
static bool is_cut_off(struct asking *asking, bool wants_way, struct kh_error *err)
{
	const struct kh_program *program = asking->request.program;
	if (!wants_way || kh_reach_any(program->upstream) == 0)
		return false;
	kh_provider_warn(asking->request.making,
			 "%s: upstream cannot be reached: the distribution is asked",
			 program->title);
	kh_fail(err, KH_SYSTEM, 0, "cannot be reached from here");
	return true;
}

static int ask(struct asking *asking, const struct kh_provider *provider, bool wants_way,
	       struct kh_error *err)
{
	kh_auto(kh_candidates_done) struct kh_candidates candidates = {0};
	int outcome = provider->find(&asking->request, &candidates, err);
	if (outcome == 1 || (outcome == 0 && is_cut_off(asking, wants_way, err)))
		return note_reason(asking, provider->name, err);
	if (outcome == 0)
		outcome = try_candidates(asking, provider->name, &candidates, err);
	if (outcome < 0 && wants_way && err->code == KH_SYSTEM) {
		kh_provider_warn(asking->request.making, "%s: %s: the distribution is asked",
				 asking->request.program->title, err->message);
		return note_reason(asking, provider->name, err);
	}
	return outcome < 0 ? kh_wrap(err, "%s", provider->name) : outcome;
}

/* ---- the order ---- */

static bool is_provider(const struct asking *asking, const char *name)
{
	return strcmp(asking->request.making->config->sources.provider, name) == 0;
}

static int ask_all(struct asking *asking, struct kh_error *err)
{
	if (is_provider(asking, "upstream"))
		return ask(asking, &kh_provider_upstream, false, err);
	if (is_provider(asking, "distro"))
		return ask(asking, &kh_provider_distro, false, err);
	if (!is_provider(asking, "auto"))
		return ask(asking, &kh_provider_place, false, err);
	if (is_exact(asking)) {
		int outcome = ask(asking, &kh_provider_upstream, true, err);
		if (outcome <= 0)
			return outcome;
	}
	return ask(asking, &kh_provider_distro, false, err);
}

/* What the lock file has, from where the configuration says. */
static int take_pinned(struct asking *asking, const struct kh_pin *pin, struct kh_error *err)
{
	const struct kh_config *config = asking->request.making->config;
	kh_auto(kh_candidates_done) struct kh_candidates candidates = {0};
	struct kh_source *source = kh_append(candidates.items, candidates.count);
	kh_record_copy(&pin->source, source);
	if (kh_choice_is_place(config)) {
		for (size_t i = 0; i < source->file_count; i++)
			kh_strv_done(&source->files[i].urls);
		kh_provider_add_places(asking->request.program, config->sources.provider, source);
		free(source->provider);
		source->provider = kh_strdup(config->sources.provider);
	}
	int outcome = try_candidates(asking, pin->where, &candidates, err);
	return outcome < 0 ? kh_wrap(err, "%s", pin->where) : outcome;
}

static int obtain_any(struct asking *asking, struct kh_error *err)
{
	const struct kh_making *making = asking->request.making;
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	kh_auto(kh_free) char *path = kh_pin_path(making->root, making->config);
	if (!asking->request.is_update && kh_pin_read(path, &pins, err) != 0)
		return -1;
	const struct kh_pin *pin =
		kh_choice_pin(making->config, &pins, asking->request.program->name);
	int outcome = pin ? take_pinned(asking, pin, err) : ask_all(asking, err);
	return outcome == 1 ? give_up(asking, err) : outcome;
}

static int make(const struct kh_making *making, const json_t *what, struct kh_error *err)
{
	const char *name = kh_json_get(what, "program");
	kh_auto(asking_done) struct asking asking = {
		.request = {.making = making,
			    .program = kh_program_find(name),
			    .wanted = kh_source_wanted(making->config, name),
			    .sha256 = kh_source_wanted_sha256(making->config, name),
			    .is_update = json_is_true(json_object_get(what, "update"))}};
	if (kh_area_open(making->root, making->config, &asking.area, err) != 0 ||
	    obtain_any(&asking, err) != 0)
		return kh_wrap(err, "fetch '%s'", name);
	return 0;
}

const struct kh_maker kh_source_maker = {make};
