/* store_transfer.h - artifacts from one host's store to another's.
 *
 * What is exported is a directory that looks like a store,
 *
 *     DIR/artifacts/KEY/manifest.json
 *     DIR/artifacts/KEY/tree/...
 *
 * or a tar file of it: to be copied, or served over HTTP. Nothing of it is believed when it comes
 * in: a tar file is unpacked by the build account without network, every file is compared with its
 * digest in the manifest, nothing more may be there, the key must be the digest of the inputs that
 * the manifest states, and trees are taken over as those of builds are (store_tree.h). What none of
 * this can tell is who made it: import what comes from hosts you trust.
 */
#ifndef KH_STORE_TRANSFER_H
#define KH_STORE_TRANSFER_H

#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"
#include "core/config.h"

/* target: host path; a name that ends in .tar is a tar file, which must not be there yet. Each
 * artifact is verified before. */
int kh_store_export(const struct kh_root *root, const char *store, const struct kh_strv *keys,
		    const char *target, struct kh_error *err);

/* source: host path of such a directory, of one artifact's own directory, or of a tar file. Keys
 * that came are appended to ret_imported, those that were there already to ret_present. A bad
 * artifact is an error (KH_VERIFY); those before it are in the store. */
int kh_store_import(const struct kh_root *root, const struct kh_config *config, const char *source,
		    struct kh_strv *ret_imported, struct kh_strv *ret_present,
		    struct kh_error *err);

#endif
