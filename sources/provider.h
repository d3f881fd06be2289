/* provider.h - where a source can come from.
 *
 * A provider turns what is wanted into candidates: sources with a digest and URLs for each file,
 * the best first. Nothing is transferred yet, except what a provider needs to know what it has (the
 * distribution's signed index). make.c tries the candidates in turn, obtain.c makes one real.
 */
#ifndef KH_SOURCES_PROVIDER_H
#define KH_SOURCES_PROVIDER_H

#include "core/plan.h"
#include "sources/program.h"
#include "sources/source.h"

struct kh_request {
	const struct kh_making *making;
	const struct kh_program *program;
	const char *wanted; /* "distro" or exact */
	const char *sha256; /* of the archive as configured, or NULL */
	bool is_update;     /* look again, also where a moment ago was looked */
};

struct kh_candidates {
	struct kh_source *items;
	size_t count;
};
void kh_candidates_done(struct kh_candidates *candidates);
/* A new one at the end, with what is known of it from the request. */
struct kh_source *kh_candidates_add(struct kh_candidates *candidates,
				    const struct kh_request *request, const char *version,
				    const char *provider);

struct kh_provider {
	const char *name; /* for messages: "upstream" */
	/* Returns 0 with at least one candidate; 1 with *err filled: it does not have what is
	 * wanted, and why; -1. */
	int (*find)(const struct kh_request *request, struct kh_candidates *ret_candidates,
		    struct kh_error *err);
};

extern const struct kh_provider kh_provider_upstream; /* kernel.org, qemu.org, libvirt.org */
extern const struct kh_provider kh_provider_place;    /* sources.provider: a path or a URL */
extern const struct kh_provider kh_provider_distro;   /* what this host's package manager lists */
extern const struct kh_provider kh_provider_debian;   /* apt: source packages */
extern const struct kh_provider kh_provider_rpm;      /* dnf: source packages */

/* Add to each file the places below the configured directory or URL where it may be. */
void kh_provider_add_places(const struct kh_program *program, const char *place,
			    struct kh_source *source);
/* Tell the operator something through the engine's events. */
void kh_provider_warn(const struct kh_making *making, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
