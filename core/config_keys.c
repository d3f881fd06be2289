/* config_keys.c - the key table. Order here is the order in help, starter file and man page. */
#include "core/config_keys.h"
#include "core/base/translate.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/config.h"
#include "core/config_check.h"

#define AT(member) offsetof(struct kh_config, member)

/* Words in the order of the enums of config.h. The controllers: include/linux/cgroup_subsys.h, and
 * "pressure", a feature that cgroup_disable= accepts too. */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct kh_config_key modules_keys[] = {
	{.name = "load",
	 .type = KH_KEY_LIST,
	 .offset = AT(modules.load),
	 .check = kh_config_check_module,
	 .item = "module name",
	 .fallback = "[virtio, virtio_ring, virtio_pci, virtio_blk, virtio_net, virtio_balloon, "
		     "vhost_net, kvm, kvm_vendor]",
	 .doc = "Modules to load now and at every boot, in this order. 'kvm_vendor' stands for "
		"kvm_intel or kvm_amd. One that this kernel has built in counts as loaded; one that "
		"it lacks is skipped with the reason. Guests on tap devices need 'tun' too: it "
		"loads itself when /dev/net/tun is opened."},
	{.name = "require",
	 .type = KH_KEY_LIST,
	 .offset = AT(modules.require),
	 .check = kh_config_check_module,
	 .item = "module name",
	 .fallback = "[kvm, kvm_vendor]",
	 .doc = "Which of the modules in 'load' must be there: the lack of one of these is an "
		"error."},
	{.name = "options",
	 .type = KH_KEY_OPTIONS,
	 .offset = AT(modules.options),
	 .fallback = "{kvm_intel: {nested: 1}, kvm_amd: {nested: 1}}",
	 .doc = "Module parameters, MODULE: {NAME: VALUE}, written to modprobe.d. 'nested: 1' lets "
		"guests run guests of their own."},
	{.name = NULL},
};

static const struct kh_config_key address_keys[] = {
	{.name = "address",
	 .type = KH_KEY_LIST,
	 .offset = AT(bridge.addresses),
	 .check = kh_config_check_address,
	 .item = "IPv4 or IPv6 address with its prefix length",
	 .takes_one = true,
	 .example = "192.0.2.10/25",
	 .doc = "The host's address, or a list of them, each with its prefix length. Required."},
	{.name = "gateway",
	 .type = KH_KEY_LIST,
	 .offset = AT(bridge.gateways),
	 .check = kh_config_check_server,
	 .item = "IPv4 or IPv6 address",
	 .takes_one = true,
	 .example = "192.0.2.1",
	 .doc = "The default gateway; at most one for IPv4 and one for IPv6. None: no default "
		"route."},
	{.name = "dns",
	 .type = KH_KEY_LIST,
	 .offset = AT(bridge.dns),
	 .check = kh_config_check_server,
	 .item = "IPv4 or IPv6 address",
	 .takes_one = true,
	 .example = "[192.0.2.2]",
	 .doc = "Name servers, first choice first."},
	{.name = NULL},
};

static const struct kh_config_key bridge_keys[] = {
	{.name = "name",
	 .type = KH_KEY_TEXT,
	 .offset = AT(bridge.name),
	 .check = kh_config_check_bridge,
	 .item = "link name",
	 .fallback = "br0",
	 .doc = "Name of the bridge that carries the host's address and the guests."},
	{.name = "port",
	 .type = KH_KEY_TEXT,
	 .offset = AT(bridge.port),
	 .check = kh_config_check_port,
	 .item = "auto, none, a link name or a MAC address",
	 .fallback = "auto",
	 .doc = "The host's link that becomes a port of the bridge. auto: the one with the default "
		"route. none: no bridge is made. A MAC address is safer than a name where drivers "
		"rename links."},
	{.name = "address",
	 .type = KH_KEY_ADDRESS,
	 .offset = AT(bridge.address_mode),
	 .choices = WORDS("inherit", "dhcp"),
	 .nested = address_keys,
	 .fallback = "inherit",
	 .example = "{address: 192.0.2.10/25, gateway: 192.0.2.1, dns: [192.0.2.2]}",
	 .doc = "The bridge's address. inherit: everything the port has today moves to the bridge "
		"(addresses or DHCP, gateway, routes, DNS, MTU). dhcp: by DHCP. Or a mapping with "
		"the addresses."},
	{.name = "stp",
	 .type = KH_KEY_BOOL,
	 .offset = AT(bridge.stp),
	 .fallback = "false",
	 .doc = "Spanning tree protocol on the bridge. Only needed where guests or cables can close "
		"a loop."},
	{.name = "activate",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(bridge.activate),
	 .choices = WORDS("reboot", "now"),
	 .fallback = "reboot",
	 .doc = "When the host moves onto the bridge."},
	{.name = "confirm",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(bridge.confirm),
	 .choices = WORDS("login", "gateway"),
	 .fallback = "login",
	 .doc = "What proves the new network after a boot. login: the gateway answers, and somebody "
		"comes in by ssh. gateway: its answer is enough, for hosts that boot with nobody "
		"watching. A switch with activate: now always waits for a login."},
	{.name = "confirm_timeout",
	 .type = KH_KEY_NUMBER,
	 .offset = AT(bridge.confirm_timeout_s),
	 .min = 5,
	 .max = 3600,
	 .unit = KH_WORD("seconds"),
	 .fallback = "120",
	 .doc = "Seconds after which an unreachable network is put back as it was before."},
	{.name = NULL},
};

static const struct kh_config_key grub_keys[] = {
	{.name = "iommu",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(grub.iommu),
	 .choices = WORDS("auto", "on", "pt", "off"),
	 .fallback = "auto",
	 .doc = "The IOMMU, which gives devices to guests. auto: on where the machine has one. pt: "
		"on, and the host's own devices bypass it."},
	{.name = "transparent_hugepage",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(grub.transparent_hugepage),
	 .choices = WORDS("always", "madvise", "never"),
	 .fallback = "madvise",
	 .doc = "Transparent huge pages, at boot and now. madvise: for programs that ask, as QEMU "
		"does."},
	{.name = "elevator",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(grub.elevator),
	 .choices = WORDS("auto", "none", "mq-deadline", "bfq", "kyber", "deadline", "noop", "cfq"),
	 .fallback = "auto",
	 .doc = "I/O scheduler of the disks. auto: by class of disk. On kernels since 5.0 by a udev "
		"rule, with the old names mapped: noop is none, deadline is mq-deadline, cfq is "
		"bfq."},
	{.name = "cgroup_disable",
	 .type = KH_KEY_LIST,
	 .offset = AT(grub.cgroup_disable),
	 .choices = WORDS("cpu", "cpuset", "cpuacct", "memory", "io", "blkio", "devices", "freezer",
			  "net_cls", "net_prio", "perf_event", "hugetlb", "pids", "rdma", "misc",
			  "dmem", "pressure"),
	 .item = "cgroup controller",
	 .fallback = "[]",
	 .example = "[cpu, cpuset, memory]",
	 .doc = "Cgroup controllers to switch off at boot. Each takes away what libvirt's tuning of "
		"guests needs."},
	{.name = "extra",
	 .type = KH_KEY_LIST,
	 .offset = AT(grub.extra),
	 .check = kh_config_check_argument,
	 .item = "kernel argument",
	 .fallback = "[]",
	 .example = "[\"mitigations=auto\", \"console=ttyS0\"]",
	 .doc = "More kernel arguments, one an item."},
	{.name = "trial",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(grub.trial),
	 .choices = WORDS("auto", "off"),
	 .fallback = "auto",
	 .doc = "How new kernel arguments get into the boot menu. auto: they are booted once, and are "
		"the default when 'kvmhost confirm' has passed the host. off: they are the default "
		"at once."},
	{.name = "rehearsal",
	 .type = KH_KEY_NUMBER,
	 .offset = AT(grub.rehearsal_s),
	 .min = 0,
	 .max = 3600,
	 .unit = KH_WORD("seconds"),
	 .fallback = "300",
	 .doc = "How long a kernel with its arguments may take to come up in QEMU, where there is "
		"one, before this host boots it. 0: no such rehearsal."},
	{.name = NULL},
};

static const struct kh_config_key io_keys[] = {
	{.name = "tso",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(io.tso),
	 .choices = WORDS("auto", "on", "off"),
	 .fallback = "auto",
	 .doc = "TCP segmentation offload of the bridge's port. auto: left as it is."},
	{.name = "gso",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(io.gso),
	 .choices = WORDS("auto", "on", "off"),
	 .fallback = "auto",
	 .doc = "Generic segmentation offload of the bridge's port. auto: left as it is."},
	{.name = NULL},
};

static const struct kh_config_key numa_keys[] = {
	{.name = "balancing",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(numa.balancing),
	 .choices = WORDS("auto", "on", "off"),
	 .fallback = "auto",
	 .doc = "Automatic NUMA balancing: the kernel moves memory to the node that uses it. auto: "
		"on where there is more than one node."},
	{.name = NULL},
};

static const struct kh_config_key sleep_keys[] = {
	{.name = "allow",
	 .type = KH_KEY_BOOL,
	 .offset = AT(sleep.allow),
	 .fallback = "true",
	 .doc = "May this host suspend or hibernate? true: left as it is. false: systemd refuses "
		"it, whoever asks: a desktop that came along, a closed lid, a key."},
	{.name = NULL},
};

static const struct kh_config_key report_keys[] = {
	{.name = "require",
	 .type = KH_KEY_LIST,
	 .offset = AT(report.require),
	 .check = kh_config_check_id,
	 .item = "id of a check",
	 .fallback = "[]",
	 .example = "[cpu.pdpe1gb, cpu.aes]",
	 .doc = "Checks that must pass: where they would only warn, the host is not ready."},
	{.name = NULL},
};

const struct kh_config_key kh_config_keys[] = {
	{.name = "sources",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_sources_keys,
	 .doc = "Where the sources of kernel, QEMU and libvirt come from."},
	{.name = "build",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_build_keys,
	 .doc = "How they are built."},
	{.name = "kernel",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_kernel_keys,
	 .doc = "The host's kernel."},
	{.name = "qemu",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_qemu_keys,
	 .doc = "QEMU, which runs the guests."},
	{.name = "libvirt",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_libvirt_keys,
	 .doc = "libvirt, which manages the guests."},
	{.name = "modules",
	 .type = KH_KEY_SECTION,
	 .nested = modules_keys,
	 .doc = "Kernel modules and their parameters."},
	{.name = "bridge",
	 .type = KH_KEY_SECTION,
	 .nested = bridge_keys,
	 .doc = "The bridge that joins guests to the host's network."},
	{.name = "grub",
	 .type = KH_KEY_SECTION,
	 .nested = grub_keys,
	 .doc = "Kernel arguments, written to the boot loader's configuration."},
	{.name = "hugepages",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_hugepages_keys,
	 .doc = "Memory set aside in huge pages for guests."},
	{.name = "ksm",
	 .type = KH_KEY_SECTION,
	 .nested = kh_config_ksm_keys,
	 .doc = "Kernel same-page merging."},
	{.name = "sysctl",
	 .type = KH_KEY_SYSCTL,
	 .offset = AT(sysctl),
	 .fallback = "{vm.swappiness: 10}",
	 .example = "{vm.swappiness: 10, net.ipv4.conf.all.arp_filter: 1}",
	 .doc = "Kernel settings, NAME: VALUE, written to sysctl.d and set now."},
	{.name = "io",
	 .type = KH_KEY_SECTION,
	 .nested = io_keys,
	 .doc = "Offloads of the network card."},
	{.name = "numa",
	 .type = KH_KEY_SECTION,
	 .nested = numa_keys,
	 .doc = "Machines with more than one memory node."},
	{.name = "sleep",
	 .type = KH_KEY_SECTION,
	 .nested = sleep_keys,
	 .doc = "Suspend and hibernation."},
	{.name = "report",
	 .type = KH_KEY_SECTION,
	 .nested = report_keys,
	 .doc = "The readiness report."},
	{.name = NULL},
};
