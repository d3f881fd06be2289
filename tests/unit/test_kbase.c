/* test_kbase.c - `base: host`: from a host's hardware to symbols through the Makefiles and Kconfig
 * files of a (small) kernel tree; what a built kernel covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "kconfig/base.h"
#include "kconfig/cover.h"
#include "tests/lib/fixture.h"

static const char igb_alias[] = "pci:v00008086d000010D6sv00001AF4sd00001100bc02sc00i00";
static const char tg3_alias[] = "pci:v000014E4d0000165Fsv00001028sd000004F7bc02sc00i00";

/* ---- a kernel tree ---- */

static const char kconfig_top[] = "mainmenu \"Linux\"\n"
				  "source \"arch/$(SRCARCH)/Kconfig\"\n"
				  "source \"drivers/Kconfig\"\n"
				  "source \"fs/Kconfig\"\n";

static const char kconfig_drivers[] = "menu \"Device Drivers\"\n"
				      "menuconfig NETDEVICES\n"
				      "\tbool \"Network\"\n"
				      "\tdepends on NET && (PCI || OF)\n"
				      "\thelp\n"
				      "\t  config HELP_IS_NO_CONFIG\n"
				      "\n"
				      "\t  depends on NOTHING\n"
				      "if NETDEVICES\n"
				      "config NET_VENDOR_INTEL\n"
				      "\tbool \"Intel\"\n"
				      "\tdefault y\n"
				      "if NET_VENDOR_INTEL\n"
				      "config IGB\n"
				      "\ttristate \"igb\"\n"
				      "\tdepends on PCI && PTP!=n && \\\n"
				      "\t\tX86_64=y\n"
				      "config OLD\n"
				      "\ttristate\n"
				      "\tdepends on A || B\n"
				      "endif\n"
				      "endif\n"
				      "menu \"SATA\"\n"
				      "\tdepends on ATA\n"
				      "config SATA_AHCI\n"
				      "\ttristate \"AHCI\"\n"
				      "config SATA_AHCI_PLATFORM\n"
				      "\ttristate \"platform AHCI\"\n"
				      "\tdepends on OF\n"
				      "endmenu\n"
				      "config ATA\n"
				      "\ttristate \"ATA\"\n"
				      "config PARTS\n"
				      "\tint \"parts\"\n"
				      "config PTP\n"
				      "\ttristate \"clock\"\n"
				      "\tdepends on IGB\n" /* a circle */
				      "config NET\n"
				      "\tdef_bool y\n"
				      "config LSM\n"
				      "\tstring \"security modules\"\n"
				      "config PCI\n"
				      "\tbool \"PCI\"\n"
				      "endmenu\n";

static void put_tree(struct fixture *fixture)
{
	fixture_open_empty(fixture);
	fixture_put(fixture, "/Kconfig", kconfig_top);
	fixture_put(fixture, "/arch/x86/Kconfig", "config X86_64\n\tbool \"64-bit\"\n");
	fixture_put(fixture, "/drivers/Kconfig", kconfig_drivers);
	fixture_put(fixture, "/fs/Kconfig",
		    "config XFS_FS\n\ttristate \"XFS\"\nconfig EXT4_FS\n\ttristate \"ext4\"\n");
	fixture_put(fixture, "/fs/Makefile",
		    "obj-$(CONFIG_XFS_FS)\t+= xfs/\nobj-$(CONFIG_EXT4_FS) += ext4/\n");
	fixture_put(fixture, "/fs/xfs/Makefile", "obj-$(CONFIG_XFS_FS) += xfs.o\nxfs-y += a.o\n");
	fixture_put(fixture, "/fs/ext4/Makefile", "obj-$(CONFIG_EXT4_FS)\t+= ext4.o\n");
	fixture_put(fixture, "/drivers/Makefile",
		    "# obj-$(CONFIG_NEVER) += never.o\n"
		    "obj-y\t\t\t+= net/ always.o\n"
		    "obj-$(CONFIG_SATA_AHCI)+= ahci.o libahci.o\n"
		    "obj-$(CONFIG_SATA_AHCI_PLATFORM) += ahci_platform.o libahci.o\n"
		    "obj-$(CONFIG_PARTS) += parts.o\n"
		    "obj-$(subst m,y,$(CONFIG_ATA)) += some-thing.o\n");
	fixture_put(fixture, "/drivers/net/Makefile",
		    "obj-$(CONFIG_NET_VENDOR_INTEL) += \\\n\tother.o \\\n\tintel/\n");
	fixture_put(fixture, "/drivers/net/intel/Makefile",
		    "obj-$(CONFIG_IGB) += igb.o\nigb-$(CONFIG_X) := part.o\n");
}

static struct kh_makefiles *load_tree(struct fixture *fixture)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_makefiles *makefiles = NULL;
	put_tree(fixture);
	assert_int_equal(kh_makefiles_load(fixture->path, &makefiles, &err), 0);
	return makefiles;
}

static char *symbols_of(const struct kh_makefiles *makefiles, const char *module)
{
	kh_auto(kh_strv_done) struct kh_strv symbols = {0};
	kh_makefiles_symbols(makefiles, module, &symbols);
	return kh_strv_join(&symbols, " ");
}

static char *parents_of(const struct kh_makefiles *makefiles, const char *symbol)
{
	kh_auto(kh_strv_done) struct kh_strv parents = {0};
	kh_makefiles_parents(makefiles, symbol, &parents);
	return kh_strv_join(&parents, " ");
}

static void assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	kh_free(&text);
}

static void modules_are_found_through_directories_and_continued_lines(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	assert_text(symbols_of(makefiles, "igb"), "IGB");
	assert_text(symbols_of(makefiles, "other"), "NET_VENDOR_INTEL");
	assert_text(symbols_of(makefiles, "some_thing"), "ATA");
	assert_text(symbols_of(makefiles, "some-thing"), "ATA");
	assert_text(symbols_of(makefiles, "libahci"), "SATA_AHCI SATA_AHCI_PLATFORM");
	assert_text(symbols_of(makefiles, "part"), "");   /* a piece of igb, no module */
	assert_text(symbols_of(makefiles, "always"), ""); /* obj-y */
	assert_text(symbols_of(makefiles, "never"), "");  /* a comment */
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

static void parents_are_the_plain_terms_around_and_on_a_symbol(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	assert_text(parents_of(makefiles, "IGB"), "NETDEVICES NET_VENDOR_INTEL PCI PTP X86_64");
	assert_text(parents_of(makefiles, "OLD"), "NETDEVICES NET_VENDOR_INTEL");
	assert_text(parents_of(makefiles, "NETDEVICES"), "NET");
	assert_text(parents_of(makefiles, "SATA_AHCI"), "ATA");
	assert_text(parents_of(makefiles, "ATA"), "");
	assert_int_equal(kh_makefiles_type(makefiles, "IGB"), KH_SYMBOL_TRISTATE);
	assert_int_equal(kh_makefiles_type(makefiles, "NET"), KH_SYMBOL_BOOL);
	assert_int_equal(kh_makefiles_type(makefiles, "PARTS"), KH_SYMBOL_OTHER);
	assert_true(kh_makefiles_has_prompt(makefiles, "IGB"));
	assert_false(kh_makefiles_has_prompt(makefiles, "OLD"));
	assert_int_equal(kh_makefiles_type(makefiles, "HELP_IS_NO_CONFIG"), KH_SYMBOL_UNKNOWN);
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

static void a_directory_that_is_no_kernel_tree_is_an_error(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_makefiles *makefiles = NULL;
	struct fixture fixture;
	fixture_open_empty(&fixture);
	assert_int_equal(kh_makefiles_load(fixture.path, &makefiles, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	assert_non_null(strstr(err.message, "is not a kernel tree"));
	assert_int_equal(kh_makefiles_load("/no/such/tree", &makefiles, &err), -1);
	assert_null(makefiles);
	fixture_close(&fixture);
}

/* ---- hosts ---- */

static void add_device(struct kh_hardware *host, const char *bus, const char *modalias,
		       const char *driver, const char *module)
{
	struct kh_hardware_device *device = kh_append(host->devices, host->device_count);
	device->bus = kh_strdup(bus);
	device->modalias = kh_strdup(modalias);
	device->driver = kh_strdup(driver);
	if (module)
		kh_strv_add(&device->modules, module);
}

/* A card with igb, a disk with ahci, XFS for the root. */
static void make_host(struct kh_hardware *host)
{
	*host = (struct kh_hardware){.host = kh_strdup("self")};
	add_device(host, "pci", igb_alias, "igb", "igb");
	add_device(host, "pci", "pci:v00008086d00002922sv1sd1bc01sc06i01", "ahci", "ahci");
	add_device(host, "acpi", "acpi:PNP0C0F:", NULL, NULL);
	kh_strv_add(&host->modules, "libahci");
	host->root_filesystem = kh_strdup("xfs");
	kh_strv_add(&host->filesystems, "xfs");
	kh_strv_add(&host->root_stack, "ahci");
}

static const struct kh_fragment_line *line_of(const struct kh_fragment *fragment, const char *name)
{
	for (size_t i = 0; i < fragment->line_count; i++)
		if (strcmp(fragment->lines[i].name, name) == 0)
			return &fragment->lines[i];
	return NULL;
}

static void assert_line(const struct kh_fragment *fragment, const char *name, const char *value,
			bool is_optional)
{
	const struct kh_fragment_line *line = line_of(fragment, name);
	assert_non_null(line);
	assert_string_equal(line->value, value);
	assert_int_equal(line->is_optional, is_optional);
}

static void a_host_asks_for_its_drivers_and_file_systems_and_what_they_stand_on(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware host;
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	make_host(&host);
	assert_int_equal(kh_base_derive(makefiles, &host, 1, &lines, &unknown, &err), 0);
	assert_line(&lines, "IGB", "m", false);
	assert_string_equal(line_of(&lines, "IGB")->why, "drives pci 8086:10d6 (igb, network)");
	assert_string_equal(line_of(&lines, "IGB")->where, "host:self");
	assert_line(&lines, "SATA_AHCI", "m", false);
	assert_line(&lines, "XFS_FS", "m", false);
	assert_line(&lines, "NET_VENDOR_INTEL", "y", true);
	assert_line(&lines, "PCI", "y", true);
	assert_null(line_of(&lines, "NET")); /* it has no prompt: asking is in vain */
	assert_line(&lines, "ATA", "m", true);
	assert_true(line_of(&lines, "PCI") < line_of(&lines, "IGB")); /* parents come first */
	assert_null(line_of(&lines, "EXT4_FS"));
	/* The library comes with ahci: the other driver that links it is not asked for. */
	assert_null(line_of(&lines, "SATA_AHCI_PLATFORM"));
	assert_int_equal(unknown.count, 0);
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

static void what_no_symbol_makes_is_told_with_what_it_is_for(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware host;
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	make_host(&host);
	add_device(&host, "pci", tg3_alias, "tg3", "tg3");
	kh_strv_add(&host.filesystems, "zfs");
	assert_int_equal(kh_base_derive(makefiles, &host, 1, &lines, &unknown, &err), 0);
	assert_int_equal(unknown.count, 2);
	assert_string_equal(unknown.items[0], "tg3 (drives pci 14e4:165f (tg3, network))");
	assert_string_equal(unknown.items[1], "zfs (file system zfs)");
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

static void several_hosts_are_covered_by_one_kernel(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	struct kh_hardware hosts[2] = {{.host = kh_strdup("a.json")}, {.host = kh_strdup("b")}};
	add_device(&hosts[0], "pci", igb_alias, "igb", "igb");
	add_device(&hosts[1], "scsi", "scsi:t-0x00", "sd", "ext4");
	assert_int_equal(kh_base_derive(makefiles, hosts, 2, &lines, &unknown, &err), 0);
	assert_string_equal(line_of(&lines, "IGB")->where, "host:a.json");
	assert_string_equal(line_of(&lines, "EXT4_FS")->where, "host:b");
	kh_hardware_done(&hosts[0]);
	kh_hardware_done(&hosts[1]);
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

static void a_host_without_devices_is_refused(void **state)
{
	(void)state;
	struct fixture fixture;
	struct kh_makefiles *makefiles = load_tree(&fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	struct kh_fragment lines = {0};
	struct kh_hardware host = {.host = kh_strdup("image")};
	assert_int_equal(kh_base_derive(makefiles, &host, 1, &lines, &unknown, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_string_equal(err.message, "host 'image' shows no devices (/sys/bus)");
	assert_non_null(err.hint);
	kh_hardware_done(&host);
	kh_makefiles_free(makefiles);
	fixture_close(&fixture);
}

/* ---- all together ---- */

static void make_base(struct fixture *fixture, const char *running_text, struct kh_fragment *base)
{
	struct kh_makefiles *makefiles = load_tree(fixture);
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware host;
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	struct kh_dotconfig *running = running_text ? kh_dotconfig_parse(running_text) : NULL;
	make_host(&host);
	assert_int_equal(kh_base_make(&fixture->root, makefiles, 6001, &host, 1, running, base,
				      &unknown, &err),
			 0);
	kh_dotconfig_free(running);
	kh_makefiles_free(makefiles);
}

static void the_base_has_the_skeleton_and_does_not_take_it_down(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_fragment_done) struct kh_fragment base = {0};
	make_base(&fixture, NULL, &base);
	assert_line(&base, "64BIT", "y", false);        /* server */
	assert_line(&base, "MEGARAID_SAS", "m", false); /* drivers */
	assert_line(&base, "NETDEVICES", "y", false);   /* not the optional one of the host */
	assert_line(&base, "ATA", "y", false);          /* built in: not m */
	assert_line(&base, "X86_64", "y", true);        /* what only the host asks for */
	fixture_close(&fixture);
}

static void only_listed_policy_that_the_tree_knows_is_carried_over(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_fragment_done) struct kh_fragment base = {0};
	make_base(&fixture,
		  "CONFIG_LSM=\"yama,bpf\"\nCONFIG_64BIT=n\nCONFIG_IGB=y\n"
		  "CONFIG_LSM_MMAP_MIN_ADDR=4096\n",
		  &base);
	assert_string_equal(line_of(&base, "LSM")->value, "\"yama,bpf\"");
	assert_string_equal(line_of(&base, "LSM")->where, "running kernel");
	assert_line(&base, "64BIT", "y", false);
	assert_line(&base, "IGB", "m", false);
	assert_null(line_of(&base, "LSM_MMAP_MIN_ADDR"));
	fixture_close(&fixture);
}

static void an_appended_line_replaces_the_one_of_its_name(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment base = {0}, own = {0};
	assert_int_equal(kh_fragment_parse("a", "CONFIG_A=m\nCONFIG_B=y\n", &base, &err), 0);
	assert_int_equal(kh_fragment_parse("own", "CONFIG_A=y\nCONFIG_C=1\n", &own, &err), 0);
	kh_base_append(&base, &own);
	assert_int_equal(base.line_count, 3);
	assert_string_equal(line_of(&base, "A")->value, "y");
	assert_string_equal(line_of(&base, "A")->where, "own:1");
	assert_string_equal(line_of(&base, "C")->value, "1");
}

static void a_member_of_a_choice_takes_the_place_of_the_others(void **state)
{
	(void)state;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment base = {0}, own = {0};
	const char *text = "CONFIG_HZ_250=y\nCONFIG_PREEMPT_VOLUNTARY=y\nCONFIG_HZ_300=n\n"
			   "CONFIG_B=y\n";
	assert_int_equal(kh_fragment_parse("a", text, &base, &err), 0);
	text = "CONFIG_HZ_1000=y\n# CONFIG_PREEMPT is not set\n";
	assert_int_equal(kh_fragment_parse("own", text, &own, &err), 0);
	kh_base_append(&base, &own);
	assert_null(line_of(&base, "HZ_250"));
	assert_non_null(line_of(&base, "HZ_300")); /* says the same as the choice */
	assert_non_null(line_of(&base, "HZ_1000"));
	assert_non_null(line_of(&base, "PREEMPT_VOLUNTARY")); /* nothing else was chosen */
	assert_non_null(line_of(&base, "B"));
}

/* ---- the shipped fragments ---- */

static void shipped_fragments_parse_and_name_each_option_once(void **state)
{
	(void)state;
	static const char *const names[] = {"server",    "drivers",     "kvm-host",
					    "kvm-guest", "passthrough", "low-latency"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
		const char *text = kh_fragment_shipped(names[i]);
		assert_non_null(text);
		if (kh_fragment_parse(names[i], text, &fragment, &err) != 0)
			fail_msg("%s", err.message);
		for (size_t j = 0; j < fragment.line_count; j++)
			if (!*fragment.lines[j].why || strstr(fragment.lines[j].why, "--"))
				fail_msg("%s: CONFIG_%s has no reason of its own",
					 fragment.lines[j].where, fragment.lines[j].name);
	}
}

/* A host that lacks one of these has no guests, or slow or unsafe ones. */
static void kvm_host_asks_for_what_guests_cannot_do_without(void **state)
{
	(void)state;
	static const char *const names[] = {"KVM",
					    "KVM_INTEL",
					    "KVM_AMD",
					    "VIRTIO",
					    "VIRTIO_PCI",
					    "VIRTIO_BLK",
					    "VIRTIO_NET",
					    "VIRTIO_BALLOON",
					    "VHOST_NET",
					    "TUN",
					    "BRIDGE",
					    "MACVTAP",
					    "KSM",
					    "HUGETLBFS",
					    "HUGETLB_PAGE",
					    "TRANSPARENT_HUGEPAGE",
					    "PARAVIRT_CLOCK",
					    "CRYPTO_AES_NI_INTEL",
					    "CGROUP_SCHED",
					    "CPUSETS",
					    "MEMCG",
					    "BLK_CGROUP",
					    "CGROUP_BPF",
					    "VFIO",
					    "VFIO_PCI",
					    "IOMMU_SUPPORT",
					    "INTEL_IOMMU",
					    "AMD_IOMMU",
					    "IRQ_REMAP",
					    "NUMA",
					    "NUMA_BALANCING",
					    "HIGH_RES_TIMERS",
					    "X86_X2APIC",
					    "MQ_IOSCHED_DEADLINE",
					    "MITIGATION_RETPOLINE",
					    "MITIGATION_PAGE_TABLE_ISOLATION"};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	assert_int_equal(
		kh_fragment_parse("kvm-host", kh_fragment_shipped("kvm-host"), &fragment, &err), 0);
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		const struct kh_fragment_line *line = line_of(&fragment, names[i]);
		if (!line)
			fail_msg("kvm-host lacks CONFIG_%s", names[i]);
		assert_false(line->is_optional);
		assert_string_not_equal(line->value, "n");
	}
}

/* ---- what a kernel covers ---- */

static const char release[] = "6.1.0-56-amd64";

static json_t *make_record(struct fixture *fixture, const struct kh_hardware *hosts, size_t count)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *record = NULL;
	fixture_open(fixture, "debian12-ifupdown");
	assert_int_equal(kh_cover_record(&fixture->root, release, hosts, count, &record, &err), 0);
	return record;
}

static void the_record_names_file_systems_modules_and_devices(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_hardware_done) struct kh_hardware host;
	make_host(&host);
	json_t *record = make_record(&fixture, &host, 1);
	kh_auto(kh_free) char *roots =
		json_dumps(json_object_get(record, "root_filesystems"), JSON_COMPACT);
	assert_string_equal(roots, "[\"xfs\"]");
	assert_string_equal(json_string_value(json_object_get(record, "release")), release);
	assert_int_equal(json_array_size(json_object_get(record, "devices")), 2); /* acpi is not */
	assert_true(json_array_size(json_object_get(record, "modules")) > 10);
	assert_true(json_array_size(json_object_get(record, "builtin")) > 10);
	json_decref(record);
	fixture_close(&fixture);
}

static char *uncovered_of(struct fixture *fixture, const json_t *record,
			  const struct kh_hardware *host)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv uncovered = {0};
	assert_int_equal(kh_cover_find(&fixture->root, record, host, &uncovered, &err), 0);
	return kh_strv_join(&uncovered, "; ");
}

static void devices_are_covered_by_the_module_that_claims_them(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_hardware_done) struct kh_hardware host = {.host = kh_strdup("self")};
	add_device(&host, "pci", igb_alias, "igb", "igb");
	add_device(&host, "virtio", "virtio:d00000002v00001AF4", "virtio_blk", "virtio_blk");
	/* mq-deadline stands for a driver that is built in: no alias leads to it. */
	add_device(&host, "pci", "pci:v00001111d00002222sv0sd0bc01sc00i00", "x", "mq_deadline");
	/* A driver that has another name in this kernel, which claims the device all the same. */
	add_device(&host, "virtio", "virtio:d00000001v00001AF4", "virtnet", "virtnet_old");
	/* Handed to a guest: vfio_pci drives what it does not claim. */
	add_device(&host, "pci", "pci:v000010DEd00001234sv0sd0bc02sc00i00", "vfio-pci", "vfio_pci");
	/* A bridge and a screen are no reason to refuse a kernel. */
	add_device(&host, "pci", "pci:v00008086d00003420sv0sd0bc06sc04i00", "x", "portdrv");
	add_device(&host, "pci", "pci:v000010DEd00001235sv0sd0bc03sc00i00", "nvidia", "nvidia");
	/* Bound to nothing now, and of a bus that says nothing. */
	add_device(&host, "pci", tg3_alias, NULL, "tg3");
	add_device(&host, "acpi", "acpi:PNP0C0F:", "x", "no_such_module");
	json_t *record = make_record(&fixture, &host, 1);
	assert_text(uncovered_of(&fixture, record, &host), "");
	json_decref(record);
	fixture_close(&fixture);
}

static void uncovered_devices_and_file_systems_are_named(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_hardware_done) struct kh_hardware host = {.host = kh_strdup("self")};
	add_device(&host, "pci", tg3_alias, "tg3", "tg3");
	add_device(&host, "pci", tg3_alias, "tg3", "tg3"); /* the second port is not told again */
	/* The module is there, but does not know this model. */
	add_device(&host, "pci", "pci:v00008086d0000FFFFsv0sd0bc02sc00i00", "igb", "igb");
	add_device(&host, "virtio", "virtio:d0000001Av00001AF4", "virtiofs", "virtiofs");
	add_device(&host, "usb", "usb:v046DpC31Cd0110dc00", "usbhid", "usbhid_x");
	host.root_filesystem = kh_strdup("zfs");
	kh_strv_add(&host.filesystems, "zfs");
	kh_strv_add(&host.filesystems, "reiserfs");
	kh_strv_add(&host.root_stack, "dm_zzz");
	json_t *record = make_record(&fixture, &host, 1);
	assert_text(uncovered_of(&fixture, record, &host),
		    "root file system 'zfs'; 'dm_zzz', below the root file system; "
		    "file system 'reiserfs'; pci 14e4:165f (tg3, network); "
		    "pci 8086:ffff (igb, network); virtio 26 (virtiofs); "
		    "usb 046d:c31c (usbhid_x)");
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	assert_int_equal(kh_cover_check(&fixture.root, record, &host, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_non_null(strstr(err.message, "kernel '6.1.0-56-amd64' does not cover host 'self': "
					    "root file system 'zfs'"));
	assert_non_null(err.hint);
	json_decref(record);
	fixture_close(&fixture);
}

static void a_tree_without_an_index_of_modules_is_an_error(void **state)
{
	(void)state;
	struct fixture fixture;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware host;
	json_t *record = NULL;
	make_host(&host);
	fixture_open_empty(&fixture);
	assert_int_equal(kh_cover_record(&fixture.root, "6.1", &host, 1, &record, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	record = json_pack("{ss}", "release", "6.1");
	assert_int_equal(kh_cover_check(&fixture.root, record, &host, &err), -1);
	assert_int_equal(err.code, KH_SYSTEM);
	json_decref(record);
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_are_found_through_directories_and_continued_lines),
		cmocka_unit_test(parents_are_the_plain_terms_around_and_on_a_symbol),
		cmocka_unit_test(a_directory_that_is_no_kernel_tree_is_an_error),
		cmocka_unit_test(
			a_host_asks_for_its_drivers_and_file_systems_and_what_they_stand_on),
		cmocka_unit_test(what_no_symbol_makes_is_told_with_what_it_is_for),
		cmocka_unit_test(several_hosts_are_covered_by_one_kernel),
		cmocka_unit_test(a_host_without_devices_is_refused),
		cmocka_unit_test(the_base_has_the_skeleton_and_does_not_take_it_down),
		cmocka_unit_test(only_listed_policy_that_the_tree_knows_is_carried_over),
		cmocka_unit_test(an_appended_line_replaces_the_one_of_its_name),
		cmocka_unit_test(a_member_of_a_choice_takes_the_place_of_the_others),
		cmocka_unit_test(shipped_fragments_parse_and_name_each_option_once),
		cmocka_unit_test(kvm_host_asks_for_what_guests_cannot_do_without),
		cmocka_unit_test(the_record_names_file_systems_modules_and_devices),
		cmocka_unit_test(devices_are_covered_by_the_module_that_claims_them),
		cmocka_unit_test(uncovered_devices_and_file_systems_are_named),
		cmocka_unit_test(a_tree_without_an_index_of_modules_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
