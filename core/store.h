/* store.h - artifacts: what took long to make, kept by the content of everything that went in.
 *
 * The key of an artifact is a digest over its inputs (source digest, options, fragment, compiler
 * version, ...). Same key: nothing to make. An artifact is a directory of the store,
 *
 *     /var/cache/kvmhost/artifacts/KEY/manifest.json   the inputs
 *     /var/cache/kvmhost/artifacts/KEY/tree/           what is installed, as it lies below the root
 *
 * and appears under its name only when it is whole: it is filled under a temporary name beside it,
 * which is renamed at the end. So whoever finds it can install it, also on another host. Order of
 * calls: kh_store_key, kh_store_find; where there is none, kh_store_begin, fill the tree,
 * kh_store_publish (or kh_store_begin again, which drops what is half-done). Installing is
 * kh_plan_install_tree (plan.h): journalled and undone like every other change.
 */
#ifndef KH_STORE_H
#define KH_STORE_H

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/root.h"

extern const char *const kh_store_dir; /* "/var/cache/kvmhost" */

struct kh_store_input {
	const char *name;
	const char *value;
};

/* The order of the inputs does not matter; a name, its value and where one ends and the next begins
 * do. */
void kh_store_key(const struct kh_store_input *inputs, size_t count, char ret_key[KH_DIGEST_SIZE]);

/* The path (below the store's root) of the tree of a whole artifact, or NULL. Owned. */
char *kh_store_find(const struct kh_root *root, const char *key);

/* An empty directory to fill; its path is owned by the caller. What an earlier try left is removed.
 */
int kh_store_begin(const struct kh_root *root, const char *key, char **ret_tree,
		   struct kh_error *err);
/* Write the manifest and give the artifact its name. */
int kh_store_publish(const struct kh_root *root, const char *key,
		     const struct kh_store_input *inputs, size_t count, struct kh_error *err);
/* The manifest of a whole artifact: {"key": ..., "inputs": {NAME: VALUE}} as text, or NULL. Owned.
 */
char *kh_store_manifest(const struct kh_root *root, const char *key);

#endif
