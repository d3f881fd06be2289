/* packages_table.c - see packages_table.h.
 *
 * Source: what configure of QEMU 7.2 and 10.0 and meson of libvirt 9.0 and 11.3 ask for with the
 * options of platform/; Documentation/process/changes.rst of the kernel; the %prep of CentOS Stream
 * 9's kernel, qemu-kvm and libvirt; libvirt's CI for which of them CRB has. */
#include "stages/packages_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { K = KH_FOR_KERNEL, Q = KH_FOR_QEMU, L = KH_FOR_LIBVIRT, QL = Q | L, ALL = KH_FOR_ALL };
#define BUILD KH_PACKAGE_BUILD
#define LIBRARY KH_PACKAGE_LIBRARY
#define RUN KH_PACKAGE_RUN

/* clang-format off */
const struct kh_package_row kh_package_rows[] = {
	{ALL, BUILD, "gcc", NULL, NULL, "gcc", "/usr/bin/gcc"},
	{ALL, BUILD, "libc6-dev", NULL, NULL, "glibc-devel", "/usr/include/stdio.h"},
	{ALL, BUILD, "make", NULL, NULL, "make", "/usr/bin/make"},
	{ALL, BUILD, "patch", NULL, NULL, "patch", "/usr/bin/patch"},
	/* source packages are brought by dnf's plugin, or yumdownloader, and put together by rpmbuild
	 * with what %prep of the three uses */
	{ALL, BUILD, NULL, NULL, NULL, "dnf-plugins-core",
	 "/etc/dnf/plugins/debuginfo-install.conf"},
	{ALL, BUILD, NULL, NULL, NULL, "yum-utils", "/usr/bin/yumdownloader"},
	{ALL, BUILD, NULL, NULL, NULL, "rpm-build", "/usr/bin/rpmbuild"},
	{ALL, BUILD, NULL, NULL, NULL, "redhat-rpm-config", "/usr/lib/rpm/redhat/macros"},
	{ALL, BUILD, NULL, NULL, NULL, "diffutils", "/usr/bin/diff"},
	{QL, BUILD, NULL, NULL, NULL, "git-core", "/usr/bin/git"},
	{K, BUILD, NULL, NULL, NULL, "python3-devel", "/usr/bin/python3-config"},
	{K, BUILD, NULL, NULL, NULL, "openssl", "/usr/bin/openssl"},
	{K, BUILD, NULL, NULL, NULL, "which", "/usr/bin/which"},
	{K, BUILD, NULL, NULL, NULL, "m4", "/usr/bin/m4"},
	{K, BUILD, "bc", NULL, NULL, "bc", "/usr/bin/bc"},
	{K, BUILD, "bison", NULL, NULL, "bison", "/usr/bin/bison"},
	{K, BUILD, "flex", NULL, NULL, "flex", "/usr/bin/flex"},
	{K, BUILD, "libelf-dev", NULL, NULL, "elfutils-libelf-devel", "/usr/include/libelf.h"},
	{K, BUILD, "libssl-dev", NULL, NULL, "openssl-devel", "/usr/include/openssl/ssl.h"},
	{K, BUILD, "kmod", NULL, NULL, "kmod", "/usr/sbin/depmod"},
	{K, BUILD, "cpio", NULL, NULL, "cpio", "/usr/bin/cpio"},
	{K, BUILD, "zstd", NULL, NULL, "zstd", "/usr/bin/zstd"},
	{K, BUILD, "perl", NULL, NULL, "perl-interpreter", "/usr/bin/perl"},
	{K, RUN, "kmod", NULL, NULL, "kmod", "/usr/sbin/depmod"},
	{K, RUN, "initramfs-tools", NULL, NULL, "dracut", "/usr/bin/dracut"},
	{QL, BUILD, "ninja-build", NULL, NULL, "ninja-build", "/usr/bin/ninja"},
	{QL, BUILD, "meson", NULL, NULL, "meson", "/usr/bin/meson"},
	{QL, BUILD, "pkg-config", NULL, NULL, "pkgconf-pkg-config", "/usr/bin/pkg-config"},
	{QL, BUILD, "python3", NULL, NULL, "python3", "/usr/bin/python3"},
	{QL, BUILD, "libglib2.0-dev", NULL, NULL, "glib2-devel", "/usr/include/glib-2.0/glib.h"},
	{QL, BUILD, "libgnutls28-dev", NULL, NULL, "gnutls-devel", "/usr/include/gnutls/gnutls.h"},
	{QL, BUILD, "libcap-ng-dev", NULL, NULL, "libcap-ng-devel", "/usr/include/cap-ng.h"},
	{QL, BUILD, "libnuma-dev", NULL, NULL, "numactl-devel", "/usr/include/numa.h"},
	{QL, BUILD, "libattr1-dev", NULL, NULL, "libattr-devel", "/usr/include/attr/libattr.h"},
	{Q, BUILD, "bzip2", NULL, NULL, "bzip2", "/usr/bin/bzip2"},
	{Q, BUILD, "python3-venv", NULL, NULL, NULL, NULL},
	{Q, BUILD, "libpixman-1-dev", NULL, NULL, "pixman-devel", "/usr/include/pixman-1/pixman.h"},
	{Q, BUILD, "libfdt-dev", NULL, NULL, "libfdt-devel", "/usr/include/libfdt.h"},
	{Q, BUILD, "zlib1g-dev", NULL, NULL, "zlib-devel", "/usr/include/zlib.h"},
	{Q, BUILD, "libaio-dev", NULL, NULL, "libaio-devel", "/usr/include/libaio.h"},
	{Q, BUILD, "liburing-dev", NULL, NULL, "liburing-devel", "/usr/include/liburing.h"},
	{Q, BUILD, "libseccomp-dev", NULL, NULL, "libseccomp-devel", "/usr/include/seccomp.h"},
	{Q, BUILD, "libjpeg-dev", NULL, NULL, "libjpeg-turbo-devel", "/usr/include/jpeglib.h"},
	{Q, BUILD, "libpng-dev", NULL, NULL, "libpng-devel", "/usr/include/png.h"},
	{L, BUILD, "libxml2-dev", NULL, NULL, "libxml2-devel", "/usr/include/libxml2/libxml/tree.h"},
	{L, BUILD, "libtirpc-dev", NULL, NULL, "libtirpc-devel", "/usr/include/tirpc/rpc/rpc.h"},
	{L, BUILD, "libnl-3-dev", NULL, NULL, "libnl3-devel", "/usr/include/libnl3/netlink/netlink.h"},
	{L, BUILD, "libnl-route-3-dev", NULL, NULL, NULL, NULL},
	{L, BUILD, "libudev-dev", NULL, NULL, "systemd-devel", "/usr/include/libudev.h"},
	{L, BUILD, "libpciaccess-dev", NULL, NULL, "libpciaccess-devel", "/usr/include/pciaccess.h"},
	{L, BUILD, "libyajl-dev", NULL, NULL, "yajl-devel", "/usr/include/yajl/yajl_common.h"},
	{L, BUILD, "libjson-c-dev", NULL, NULL, "json-c-devel", "/usr/include/json-c/json.h"},
	{L, BUILD, "libreadline-dev", NULL, NULL, "readline-devel", "/usr/include/readline/readline.h"},
	{L, BUILD, "libblkid-dev", NULL, NULL, "libblkid-devel", "/usr/include/blkid/blkid.h"},
	{L, BUILD, "libapparmor-dev", NULL, NULL, "libselinux-devel", "/usr/include/selinux/selinux.h"},
	{L, BUILD, "libxml2-utils", NULL, NULL, "libxml2", "/usr/bin/xmllint"},
	{L, BUILD, "xsltproc", NULL, NULL, "libxslt", "/usr/bin/xsltproc"},
	{L, BUILD, "python3-docutils", NULL, NULL, "python3-docutils", "/usr/bin/rst2html"},
	{L, BUILD, "rpcsvc-proto", NULL, NULL, "rpcgen", "/usr/bin/rpcgen"},
	{QL, LIBRARY, "libglib2.0-0", NULL, "libglib-2.0.so.0", "glib2", "/usr/lib64/libglib-2.0.so.0"},
	{QL, LIBRARY, "libgnutls30", NULL, "libgnutls.so.30", "gnutls", "/usr/lib64/libgnutls.so.30"},
	{QL, LIBRARY, "libcap-ng0", NULL, "libcap-ng.so.0", "libcap-ng", "/usr/lib64/libcap-ng.so.0"},
	{QL, LIBRARY, "libnuma1", NULL, "libnuma.so.1", "numactl-libs", "/usr/lib64/libnuma.so.1"},
	{Q, LIBRARY, "libpixman-1-0", NULL, "libpixman-1.so.0", "pixman", "/usr/lib64/libpixman-1.so.0"},
	{Q, LIBRARY, "libfdt1", NULL, "libfdt.so.1", "libfdt", "/usr/lib64/libfdt.so.1"},
	{Q, LIBRARY, "libaio1", NULL, "libaio.so.1", "libaio", "/usr/lib64/libaio.so.1"},
	{Q, LIBRARY, "liburing2", NULL, "liburing.so.2", "liburing", "/usr/lib64/liburing.so.2"},
	{Q, LIBRARY, "libseccomp2", NULL, "libseccomp.so.2", "libseccomp", "/usr/lib64/libseccomp.so.2"},
	{Q, LIBRARY, "libjpeg62-turbo", "libjpeg-turbo8", "libjpeg.so.", "libjpeg-turbo", "/usr/lib64/libjpeg.so.62"},
	{Q, LIBRARY, "libpng16-16", NULL, "libpng16.so.16", "libpng", "/usr/lib64/libpng16.so.16"},
	{L, LIBRARY, "libxml2", NULL, "libxml2.so.2", "libxml2", "/usr/lib64/libxml2.so.2"},
	{L, LIBRARY, "libtirpc3", NULL, "libtirpc.so.3", "libtirpc", "/usr/lib64/libtirpc.so.3"},
	{L, LIBRARY, "libnl-3-200", NULL, "libnl-3.so.200", "libnl3", "/usr/lib64/libnl-3.so.200"},
	{L, LIBRARY, "libnl-route-3-200", NULL, "libnl-route-3.so.200", NULL, NULL},
	{L, LIBRARY, "libpciaccess0", NULL, "libpciaccess.so.0", "libpciaccess", "/usr/lib64/libpciaccess.so.0"},
	{L, LIBRARY, "libyajl2", NULL, "libyajl.so.2", "yajl", "/usr/lib64/libyajl.so.2"},
	{L, LIBRARY, "libjson-c5", NULL, "libjson-c.so.5", "json-c", "/usr/lib64/libjson-c.so.5"},
	{L, LIBRARY, "libreadline8", NULL, "libreadline.so.8", "readline", "/usr/lib64/libreadline.so.8"},
	{L, LIBRARY, "libapparmor1", NULL, "libapparmor.so.1", NULL, NULL},
	{Q, RUN, "seabios", NULL, NULL, "seabios-bin", "/usr/share/seabios/bios-256k.bin"},
	{Q, RUN, "ovmf", NULL, NULL, "edk2-ovmf", "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd"},
	/* the option ROMs of direct kernel boot, which Debian's source of QEMU lacks */
	{Q, RUN, "qemu-system-data", NULL, NULL, NULL, NULL},
	{Q, RUN, "ipxe-qemu", NULL, NULL, "ipxe-roms-qemu", "/usr/share/ipxe/qemu"},
	{L, RUN, "dnsmasq-base", NULL, NULL, "dnsmasq", "/usr/sbin/dnsmasq"},
	{L, RUN, "iptables", NULL, NULL, "iptables", "/usr/sbin/iptables"},
	{L, RUN, "nftables", NULL, NULL, "nftables", "/usr/sbin/nft"},
	{L, RUN, "iproute2", NULL, NULL, "iproute", "/usr/sbin/ip"},
	/* libvirt-guests speaks through it */
	{L, RUN, "gettext-base", NULL, NULL, "gettext", "/usr/bin/gettext.sh"},
	{L, RUN, "dmidecode", NULL, NULL, "dmidecode", "/usr/sbin/dmidecode"},
};
/* clang-format on */
const size_t kh_package_row_count = KH_COUNT(kh_package_rows);

/* What is particular of some in the CentOS family. */
static const struct {
	const char *name;
	unsigned el_from, el_to; /* releases (7, 8, 9, ...) that have it; 0: no bound */
	bool is_in_crb; /* the repository of development packages, which is off by itself */
} particulars[] = {
	{"dnf-plugins-core", 8, 0, false},
	{"yum-utils", 0, 7, false},
	{"yajl", 0, 9, false},
	{"yajl-devel", 0, 9, true},
	{"ninja-build", 0, 0, true},
	{"meson", 0, 0, true},
	{"libfdt-devel", 0, 0, true},
	{"libtirpc-devel", 0, 0, true},
	{"libpciaccess-devel", 0, 0, true},
	{"json-c-devel", 0, 0, true},
	{"python3-docutils", 0, 0, true},
	{"rpcgen", 0, 0, true},
};

static const char *name_of(const struct kh_package_row *row, enum kh_package_manager manager,
			   const char *os_id)
{
	if (manager == KH_PACKAGES_DNF)
		return row->rpm;
	return row->ubuntu && os_id && strcmp(os_id, "ubuntu") == 0 ? row->ubuntu : row->deb;
}

/* The release of the CentOS family: "platform:el9" -> 9; 7 where there is only yum; where it is not
 * said (Fedora), the newest. Source: os-release(5), PLATFORM_ID. */
static unsigned el_of(const struct kh_root *root)
{
	enum { NEWEST = 99, OF_YUM = 7 };
	static const char mark[] = "PLATFORM_ID=\"platform:el";
	kh_auto(kh_free) char *text = kh_root_text(root, "/etc/os-release");
	kh_auto(kh_free) char *dnf = kh_root_which(root, "dnf");
	const char *at = text ? strstr(text, mark) : NULL;
	unsigned long el = at ? strtoul(at + strlen(mark), NULL, 10) : 0;
	if (el > 0)
		return (unsigned)el;
	return dnf ? NEWEST : OF_YUM;
}

static bool is_of_release(const char *name, unsigned el)
{
	for (size_t i = 0; i < KH_COUNT(particulars); i++)
		if (strcmp(particulars[i].name, name) == 0)
			return el >= particulars[i].el_from &&
			       (particulars[i].el_to == 0 || el <= particulars[i].el_to);
	return true;
}

static bool has_library(const struct kh_root *root, const char *start)
{
	static const char *const places[] = {"/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu",
					     "/usr/lib64", "/usr/lib"};
	for (size_t i = 0; i < KH_COUNT(places); i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		kh_root_list(root, places[i], &names);
		for (size_t n = 0; n < names.count; n++)
			if (kh_str_starts(names.items[n], start))
				return true;
	}
	return false;
}

static bool is_there(const struct kh_root *root, const struct kh_packages *installed,
		     const struct kh_package_row *row, enum kh_package_manager manager,
		     const char *name)
{
	/* dnf 5 has in itself what for dnf 4 is a plugin. */
	if (manager == KH_PACKAGES_DNF && strcmp(name, "dnf-plugins-core") == 0 &&
	    kh_root_exists(root, "/usr/bin/dnf5"))
		return true;
	if (manager == KH_PACKAGES_DNF)
		return kh_root_exists(root, row->rpm_file);
	/* One maker of initramfs images is enough, and the other one would push it out. */
	if (strcmp(name, "initramfs-tools") == 0 && kh_packages_has(installed, "dracut"))
		return true;
	return kh_packages_has(installed, name) ||
	       (row->library && has_library(root, row->library));
}

static bool is_needed(const struct kh_package_row *row, unsigned building, unsigned running)
{
	switch (row->kind) {
	case KH_PACKAGE_BUILD:
		return (row->programs & building) != 0;
	case KH_PACKAGE_LIBRARY:
		return (row->programs & running & ~building) != 0;
	case KH_PACKAGE_RUN:
		return (row->programs & running) != 0;
	}
	return false;
}

void kh_packages_missing(const struct kh_root *root, const char *os_id, unsigned building,
			 unsigned running, struct kh_strv *names)
{
	enum kh_package_manager manager = kh_packages_manager(root);
	kh_auto(kh_packages_done) struct kh_packages installed = {0};
	unsigned el = el_of(root);
	kh_packages_read(root, &installed);
	for (size_t i = 0; i < kh_package_row_count; i++) {
		const struct kh_package_row *row = &kh_package_rows[i];
		const char *name = name_of(row, manager, os_id);
		if (name && (manager != KH_PACKAGES_DNF || is_of_release(name, el)) &&
		    is_needed(row, building, running) && !kh_strv_has(names, name) &&
		    !is_there(root, &installed, row, manager, name))
			kh_strv_add(names, name);
	}
}

void kh_packages_in_crb(const struct kh_strv *names, struct kh_strv *ret_names)
{
	for (size_t i = 0; i < KH_COUNT(particulars); i++)
		if (particulars[i].is_in_crb && kh_strv_has(names, particulars[i].name))
			kh_strv_add(ret_names, particulars[i].name);
}

void kh_packages_all(enum kh_package_manager manager, const char *os_id, unsigned programs,
		     struct kh_strv *names)
{
	for (size_t i = 0; i < kh_package_row_count; i++) {
		const struct kh_package_row *row = &kh_package_rows[i];
		const char *name = name_of(row, manager, os_id);
		if (name && (row->programs & programs) != 0 && !kh_strv_has(names, name))
			kh_strv_add(names, name);
	}
}
