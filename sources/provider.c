/* provider.c - what the providers share; see provider.h. */
#include "sources/provider.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "core/packages.h"

void kh_candidates_done(struct kh_candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		kh_source_done(&candidates->items[i]);
	free(candidates->items);
	*candidates = (struct kh_candidates){0};
}

struct kh_source *kh_candidates_add(struct kh_candidates *candidates,
				    const struct kh_request *request, const char *version,
				    const char *provider)
{
	struct kh_source *source = kh_append(candidates->items, candidates->count);
	source->program = kh_strdup(request->program->name);
	source->wanted = kh_strdup(request->wanted);
	source->version = kh_strdup(version);
	source->provider = kh_strdup(provider);
	return source;
}

void kh_provider_add_places(const struct kh_program *program, const char *place,
			    struct kh_source *source)
{
	kh_auto(kh_free) char *base =
		*place == '/' ? kh_printf("file://%s", place) : kh_strdup(place);
	for (size_t f = 0; f < source->file_count; f++) {
		struct kh_source_file *file = &source->files[f];
		for (const char *const *subdir = program->subdirs; *subdir; subdir++) {
			kh_auto(kh_free) char *below = kh_program_place(*subdir, source->version);
			kh_auto(kh_free) char *name =
				kh_printf("%s%s%s", below, *below ? "/" : "", file->name);
			kh_strv_add_owned(&file->urls, kh_program_url(base, name));
		}
	}
}

void kh_provider_warn(const struct kh_making *making, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kh_auto(kh_free) char *text = kh_vprintf(format, args);
	va_end(args);
	struct kh_event event = {.kind = KH_EVENT_WARNING, .stage = making->stage, .text = text};
	if (making->sink)
		making->sink->event(making->sink, &event);
}

static int find_distro(const struct kh_request *request, struct kh_candidates *ret_candidates,
		       struct kh_error *err)
{
	switch (kh_packages_manager(request->making->root)) {
	case KH_PACKAGES_APT:
		return kh_provider_debian.find(request, ret_candidates, err);
	case KH_PACKAGES_DNF:
		return kh_provider_rpm.find(request, ret_candidates, err);
	case KH_PACKAGES_NONE:
		break;
	}
	kh_fail(err, KH_HOST, 0,
		"source packages of this distribution cannot be used: there is neither apt-get nor "
		"dnf");
	return kh_hint(err,
		       "give '%s.version' an exact one with 'sources.provider: upstream', or "
		       "'%s.version: none' to leave it to the distribution's packages",
		       request->program->name, request->program->name);
}

const struct kh_provider kh_provider_distro = {"distro", find_distro};
