/* meson_build.h - what the builds of QEMU and libvirt share: both are meson projects built by
 * ninja.
 *
 * The order: the program's own configure step, kh_meson_build, kh_meson_install, kh_meson_remove
 * for what is not wanted of the staged tree, kh_meson_note_libraries. The compiler is called gcc
 * and named in so many words: otherwise meson would put ccache in front by itself (ccache.h).
 */
#ifndef KH_PLATFORM_MESON_BUILD_H
#define KH_PLATFORM_MESON_BUILD_H

#include "platform/recipe.h"

/* Build what is installed and nothing else: neither tests nor examples. meson: the program that
 * configured the build directory (QEMU brings its own). Progress is told from ninja's [n/m]. */
int kh_meson_build(struct kh_build *build, const char *meson, struct kh_error *err);
/* Fill the stage directory. */
int kh_meson_install(struct kh_build *build, const char *meson, struct kh_error *err);

/* Remove from the staged tree: path as it lies below the root; what is not there is fine. */
int kh_meson_remove(struct kh_build *build, const char *path, struct kh_error *err);
int kh_meson_move(struct kh_build *build, const char *from, const char *to, struct kh_error *err);

/* about.libraries: the shared libraries that programs and libraries in these directories of the
 * staged tree (NULL-terminated, as they lie below the root) need and do not bring along. */
int kh_meson_note_libraries(struct kh_build *build, const char *const *directories,
			    struct kh_error *err);
/* Those of about.libraries that this host lacks; appended. */
void kh_meson_missing_libraries(const struct kh_root *root, const json_t *about,
				struct kh_strv *ret_missing);

/* For tests. "[12/345] Compiling" -> 12, 345; false: no such line. */
bool kh_meson_parse_progress(const char *line, size_t *ret_done, size_t *ret_total);
/* Installed targets of `meson introspect --targets`, relative to the build directory; appended. */
int kh_meson_parse_targets(const char *json, const char *build_dir, struct kh_strv *ret_targets,
			   struct kh_error *err);
/* Sonames of `readelf -d`; appended, each once. */
void kh_meson_parse_needed(const char *output, struct kh_strv *ret_sonames);

#endif
