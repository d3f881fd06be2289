/* choice.h - does a source (in the store, in the lock file) answer to the configuration? */
#ifndef KH_SOURCES_CHOICE_H
#define KH_SOURCES_CHOICE_H

#include "sources/pin.h"
#include "sources/source.h"

/* The version that is configured: the same wish, or the exact version (of program or package). */
bool kh_choice_is_wanted(const struct kh_config *config, const struct kh_source *source);
bool kh_choice_is_provider(const struct kh_config *config, const char *provider);
/* Is sources.provider a directory or a URL? */
bool kh_choice_is_place(const struct kh_config *config);
/* The entry of the lock file that is to be used; NULL: none, or it is for another wish. */
const struct kh_pin *kh_choice_pin(const struct kh_config *config, const struct kh_pins *pins,
				   const char *program);
/* Has the archive the configured digest, if one is configured? where: what says otherwise.
 * Errors: KH_CONFIG with both. */
int kh_choice_check_digest(const struct kh_config *config, const struct kh_source *source,
			   const char *where, struct kh_error *err);

#endif
