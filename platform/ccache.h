/* ccache.h - a compiler cache for builds, where there is one.
 *
 * The cache is STORE/ccache and belongs to the build account. It is put in front by PATH: links
 * named gcc, cc, g++, c++ to ccache in a directory of the build's HOME, so that every build system
 * takes part without knowing.
 *
 * Source: ccache(1), "Run modes" (links), CCACHE_DIR, CCACHE_BASEDIR, CCACHE_NOHASHDIR.
 */
#ifndef KH_PLATFORM_CCACHE_H
#define KH_PLATFORM_CCACHE_H

#include "platform/sandbox.h"

/* Adds to the sandbox's environment. Nothing happens when build.ccache is off, or auto and there is
 * no ccache; KH_CONFIG when it is on and there is none. */
int kh_ccache_use(const struct kh_root *root, const struct kh_config *config,
		  struct kh_sandbox *sandbox, struct kh_error *err);

#endif
