/* config_keys_platform.c - rows of the key table: what is built from source. */
#include <stddef.h>

#include "core/config.h"
#include "core/config_check.h"
#include "core/config_keys.h"

#define AT(member) offsetof(struct kh_config, member)
/* Words in the order of the enums of config.h. */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct kh_config_key kh_config_sources_keys[] = {
	{.name = "provider",
	 .type = KH_KEY_TEXT,
	 .offset = AT(sources.provider),
	 .check = kh_config_check_provider,
	 .item = "auto, upstream, distro, a directory or a URL",
	 .fallback = "auto",
	 .doc = "Where sources come from. upstream: kernel.org, qemu.org, libvirt.org. distro: the "
		"distribution's source packages. auto: upstream, else distro. A directory or a URL: "
		"a mirror with the upstream archives, or what 'kvmhost bundle' made."},
	{.name = "keyring",
	 .type = KH_KEY_TEXT,
	 .offset = AT(sources.keyring),
	 .check = kh_config_check_path,
	 .item = "absolute path",
	 .is_optional = true,
	 .example = "/etc/kvmhost/upstream.gpg",
	 .doc = "OpenPGP keyring. When given, every source must have a good signature by one of its "
		"keys. The digest is compared in any case."},
	{.name = NULL},
};

const struct kh_config_key kh_config_build_keys[] = {
	{.name = "jobs",
	 .type = KH_KEY_TEXT,
	 .offset = AT(build.jobs),
	 .check = kh_config_check_jobs,
	 .item = "auto or a number",
	 .fallback = "auto",
	 .doc = "Compilers that run at once. auto: as many as there are processors."},
	{.name = "user",
	 .type = KH_KEY_TEXT,
	 .offset = AT(build.user),
	 .check = kh_config_check_account,
	 .item = "auto or an account's name",
	 .fallback = "auto",
	 .doc = "Account that unpacks and builds; never root. auto: a transient one without a name."},
	{.name = "ccache",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(build.ccache),
	 .choices = WORDS("auto", "on", "off"),
	 .fallback = "auto",
	 .doc = "Compile through ccache. auto: where it is installed."},
	{.name = "store",
	 .type = KH_KEY_TEXT,
	 .offset = AT(build.store),
	 .check = kh_config_check_store,
	 .item = "absolute path",
	 .fallback = "/var/cache/kvmhost",
	 .doc = "Directory for sources, builds and artifacts, and for nothing else. A build needs some "
		"10 GiB."},
	{.name = NULL},
};

/* The two keys that all programs built from source have. */
#define VERSION_KEYS(section, shown)                                                                \
	{.name = "version",                                                                         \
	 .type = KH_KEY_TEXT,                                                                       \
	 .offset = AT(section.version),                                                             \
	 .check = kh_config_check_version,                                                          \
	 .item = "version, distro or none",                                                         \
	 .fallback = "distro",                                                                      \
	 .example = shown,                                                                          \
	 .doc = "Version to build from source. distro: the newest that the provider has. none: "    \
		"nothing is built, the distribution's package serves. An exact version that no "    \
		"provider has is an error."},                                                       \
	{                                                                                           \
		.name = "sha256", .type = KH_KEY_TEXT, .offset = AT(section.sha256),                \
		.check = kh_config_check_sha256, .item = "SHA-256 digest", .is_optional = true,     \
		.doc = "SHA-256 digest of the source archive, for a release that kvmhost does not " \
		       "know and that is not in the lock file."                                     \
	}

const struct kh_config_key kh_config_kernel_keys[] = {
	VERSION_KEYS(kernel, "6.12.104"),
	{.name = "base",
	 .type = KH_KEY_TEXT,
	 .offset = AT(kernel.base),
	 .check = kh_config_check_base,
	 .item = "host, running, defconfig or an absolute path",
	 .fallback = "host",
	 .doc = "Configuration the fragments are merged into. host: what the hardware and mounted "
		"file systems of 'hosts' need, and no more. running: that of the running kernel. "
		"defconfig: the kernel's own. Or a file."},
	{.name = "hosts",
	 .type = KH_KEY_LIST,
	 .offset = AT(kernel.hosts),
	 .check = kh_config_check_host,
	 .item = "self or an absolute path",
	 .fallback = "[self]",
	 .example = "[self, /etc/kvmhost/node2.json]",
	 .doc = "Whose hardware 'base: host' covers: this host (self), and hosts whose facts "
		"'kvmhost facts --json' wrote to a file."},
	{.name = "fragments",
	 .type = KH_KEY_LIST,
	 .offset = AT(kernel.fragments),
	 .check = kh_config_check_fragment,
	 .item = "name of a shipped fragment or absolute path",
	 .fallback = "[kvm-host]",
	 .example = "[kvm-host, passthrough, /etc/kvmhost/site.config]",
	 .doc = "Configuration fragments to merge, later ones win: kvm-host, kvm-guest, "
		"passthrough, low-latency, or files."},
	{.name = "localversion",
	 .type = KH_KEY_TEXT,
	 .offset = AT(kernel.localversion),
	 .check = kh_config_check_localversion,
	 .item = "end of a kernel release",
	 .fallback = "-kvmhost",
	 .doc = "Added to the release, so that the kernel lies beside the distribution's."},
	{.name = "mok_key",
	 .type = KH_KEY_TEXT,
	 .offset = AT(kernel.mok_key),
	 .check = kh_config_check_path,
	 .item = "absolute path",
	 .is_optional = true,
	 .example = "/var/lib/shim-signed/mok/MOK.priv",
	 .doc = "Private key of the machine's owner, to sign kernel and modules with where Secure "
		"Boot is on."},
	{.name = "mok_certificate",
	 .type = KH_KEY_TEXT,
	 .offset = AT(kernel.mok_certificate),
	 .check = kh_config_check_path,
	 .item = "absolute path",
	 .is_optional = true,
	 .example = "/var/lib/shim-signed/mok/MOK.pem",
	 .doc = "Certificate of that key (PEM), enrolled in the firmware with mokutil."},
	{.name = NULL},
};

const struct kh_config_key kh_config_qemu_keys[] = {
	VERSION_KEYS(qemu, "11.0.0"),
	{.name = "prefix",
	 .type = KH_KEY_TEXT,
	 .offset = AT(qemu.prefix),
	 .check = kh_config_check_prefix,
	 .item = "absolute path",
	 .fallback = "/usr/local",
	 .doc = "Where it is installed."},
	{.name = "targets",
	 .type = KH_KEY_LIST,
	 .offset = AT(qemu.targets),
	 .check = kh_config_check_target,
	 .item = "QEMU target",
	 .fallback = "[x86_64-softmmu]",
	 .doc = "Emulators to build."},
	{.name = "configure",
	 .type = KH_KEY_LIST,
	 .offset = AT(qemu.configure),
	 .check = kh_config_check_configure,
	 .item = "option of ./configure",
	 .fallback = "[]",
	 .example = "[\"--enable-spice\"]",
	 .doc = "More options of QEMU's configure; a later one wins over kvmhost's own."},
	{.name = NULL},
};

static const struct kh_config_key qemu_conf_keys[] = {
	{.name = "vnc_listen",
	 .type = KH_KEY_TEXT,
	 .offset = AT(libvirt.qemu_conf.vnc_listen),
	 .check = kh_config_check_listen,
	 .item = "IPv4 or IPv6 address",
	 .fallback = "127.0.0.1",
	 .doc = "Address that the VNC consoles of guests listen on. 0.0.0.0 or '::' opens them to the "
		"network, without a password; the report warns."},
	{.name = "user",
	 .type = KH_KEY_TEXT,
	 .offset = AT(libvirt.qemu_conf.user),
	 .check = kh_config_check_account,
	 .item = "auto or an account's name",
	 .fallback = "auto",
	 .doc = "Account that guests run as. auto: the distribution's own (libvirt-qemu, qemu), "
		"created where it is missing. root is possible and unsafe; the report warns."},
	{.name = "group",
	 .type = KH_KEY_TEXT,
	 .offset = AT(libvirt.qemu_conf.group),
	 .check = kh_config_check_account,
	 .item = "auto or a group's name",
	 .fallback = "auto",
	 .doc = "Group that guests run as. auto: the distribution's own (libvirt-qemu, qemu)."},
	{.name = NULL},
};

const struct kh_config_key kh_config_libvirt_keys[] = {
	VERSION_KEYS(libvirt, "11.3.0"),
	{.name = "prefix",
	 .type = KH_KEY_TEXT,
	 .offset = AT(libvirt.prefix),
	 .check = kh_config_check_prefix,
	 .item = "absolute path",
	 .fallback = "/usr/local",
	 .doc = "Where it is installed."},
	{.name = "daemon",
	 .type = KH_KEY_CHOICE,
	 .offset = AT(libvirt.daemon),
	 .choices = WORDS("auto", "monolithic", "modular"),
	 .fallback = "auto",
	 .doc = "monolithic: libvirtd. modular: virtqemud and its companions. auto: what the "
		"distribution's own libvirt uses."},
	{.name = "qemu_conf",
	 .type = KH_KEY_SECTION,
	 .nested = qemu_conf_keys,
	 .doc = "Settings written to libvirt's qemu.conf."},
	{.name = NULL},
};
