/* kvm_probe.h - does /dev/kvm work? It is opened and a virtual machine is created and thrown away.
 *
 * Flags alone prove nothing: firmware or another hypervisor can have the last word, and on a
 * paravirtualised host /dev/kvm works without vmx and svm. Only the live root is tried; below
 * another root the probe tells who owns the node, if there is one.
 */
#ifndef KH_KVM_PROBE_H
#define KH_KVM_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/root.h"

struct kh_kvm_probe {
	bool exists; /* and is a character device */
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	char *group;   /* name of gid in /etc/group, or NULL */
	bool is_tried; /* the following were tried */
	bool can_open;
	int open_errno;
	int api_version; /* -1: not asked, or no answer */
	bool can_create_vm;
	int create_errno;
};

/* Source: linux Documentation/virt/kvm/api.rst, KVM_GET_API_VERSION (12 since 2.6.22; refuse any
 * other), KVM_CREATE_VM. */
enum { KH_KVM_API_VERSION = 12 };

void kh_kvm_probe_run(const struct kh_root *root, struct kh_kvm_probe *ret_probe);
void kh_kvm_probe_done(struct kh_kvm_probe *probe);

#endif
