/* features.c - see features.h. What can be left out is chosen by tools/configure. */
#include "cmd/features.h"

#include <gnu/libc-version.h>
#include <jansson.h>
#include <libmount.h>
#include <netlink/version.h>
#include <nettle/version.h>
#include <string.h>
#include <yaml.h>
#include <zlib.h>

#include "core/base/mem.h"

#ifdef KH_HAS_FETCH
enum { HAS_FETCH = 1 };
#else
enum { HAS_FETCH = 0 };
#endif

#ifdef KH_HAS_LANGUAGES
enum { HAS_LANGUAGES = 1 };
#else
enum { HAS_LANGUAGES = 0 };
#endif

const struct kh_feature kh_features[] = {
	{"fetch", "download, verify and unpack sources (libcurl, libarchive, liblzma)", HAS_FETCH},
	{"languages", "messages in other languages than English (gettext)", HAS_LANGUAGES},
	{NULL, NULL, false},
};

bool kh_features_have(const char *name)
{
	for (const struct kh_feature *at = kh_features; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at->is_built;
	return false;
}

char *kh_features_libraries(void)
{
	const char *mount = NULL;
	mnt_get_library_version(&mount);
	return kh_printf("glibc %s, jansson %s, libmount %s, %s, libyaml %s, nettle %d.%d, zlib %s",
			 gnu_get_libc_version(), jansson_version_str(), mount, LIBNL_STRING,
			 yaml_get_version_string(), nettle_version_major(), nettle_version_minor(),
			 zlibVersion());
}
