/* features.h - what this kvmhost was built with. */
#ifndef KH_FEATURES_H
#define KH_FEATURES_H

#include <stdbool.h>

struct kh_feature {
	const char *name;
	const char *about; /* what it is for, and what it needs */
	bool is_built;
};
extern const struct kh_feature kh_features[]; /* ends with a NULL name */
bool kh_features_have(const char *name);
/* "libyaml 0.2.5, jansson 2.14, ...": as loaded now. Owned. */
char *kh_features_libraries(void);

#endif
