/* kvm_probe.c - see kvm_probe.h. */
#include "core/kvm_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "core/base/mem.h"
#include "core/facts_text.h"

static const char device[] = "/dev/kvm";

/* A line of group(5): "kvm:x:106:". */
static bool has_gid(struct kh_slice line, gid_t gid, struct kh_slice *ret_name)
{
	struct kh_slice password, number, rest;
	return kh_slice_split(line, ':', ret_name, &rest) &&
	       kh_slice_split(rest, ':', &password, &rest) &&
	       kh_slice_split(rest, ':', &number, &rest) &&
	       kh_slice_number(number) == (long long)gid;
}

static char *find_group(const struct kh_root *root, gid_t gid)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/group");
	const char *cursor = text ? text : "";
	struct kh_slice line, name;
	while (kh_slice_next_line(&cursor, &line))
		if (has_gid(line, gid, &name))
			return kh_slice_dup(name);
	return NULL;
}

static void try_device(const struct kh_root *root, struct kh_kvm_probe *probe)
{
	probe->is_tried = true;
	kh_auto(kh_close) int fd = kh_root_open_at(root, device, O_RDWR);
	probe->can_open = fd >= 0;
	if (fd < 0) {
		probe->open_errno = errno;
		return;
	}
	probe->api_version = ioctl(fd, KVM_GET_API_VERSION, 0);
	kh_auto(kh_close) int vm = ioctl(fd, KVM_CREATE_VM, 0);
	probe->can_create_vm = vm >= 0;
	if (vm < 0)
		probe->create_errno = errno;
}

void kh_kvm_probe_run(const struct kh_root *root, struct kh_kvm_probe *ret_probe)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	*ret_probe = (struct kh_kvm_probe){.api_version = -1};
	struct stat status;
	if (kh_root_stat(root, device, true, &status, &ignored) != 0)
		return;
	ret_probe->exists = S_ISCHR(status.st_mode);
	ret_probe->mode = status.st_mode & 07777;
	ret_probe->uid = status.st_uid;
	ret_probe->gid = status.st_gid;
	ret_probe->group = find_group(root, status.st_gid);
	if (root->is_live && ret_probe->exists)
		try_device(root, ret_probe);
}

void kh_kvm_probe_done(struct kh_kvm_probe *probe)
{
	free(probe->group);
	*probe = (struct kh_kvm_probe){0};
}
