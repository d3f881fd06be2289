/* archive_host.h - a host with an apt archive of its own (file:, trusted), in a fixture; for tests
 * of sources. Included by the one file of a test program, after fake_transfer.h.
 *
 *     archive_host_open(&host, "kernel: {version: distro}\n");
 *     archive_host_add(&host, "6.1.10-1");     // a source package linux: orig and patches
 *     archive_host_index(&host);               // Sources and Release
 *     ... host.making ...
 */
#ifndef TESTS_ARCHIVE_HOST_H
#define TESTS_ARCHIVE_HOST_H

#include "core/engine.h"
#include "core/facts.h"
#include "sources/debversion.h"
#include "sources/source.h"
#include "tests/lib/fixture.h"

struct archive_host {
	struct fixture fixture;
	struct kh_config config;
	struct kh_facts facts;
	struct kh_sink sink;
	struct kh_making making;
	struct kh_context context;
	struct kh_strv warnings;
	struct kh_str stanzas; /* of Sources */
};

static void archive_note(struct kh_sink *sink, const struct kh_event *event)
{
	struct archive_host *host = sink->data;
	if (event->kind == KH_EVENT_WARNING)
		kh_strv_add(&host->warnings, event->text);
}

static void archive_host_configure(struct archive_host *host, const char *yaml)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *whole = kh_printf(
		"build: {store: /store}\nqemu: {version: none}\nlibvirt: {version: none}\n%s",
		yaml);
	kh_config_done(&host->config);
	host->config = (struct kh_config){0};
	if (kh_config_load_text("kvmhost.yaml", whole, strlen(whole), NULL, &host->config, &err) !=
	    0)
		fail_msg("%s", err.message);
	host->config.path = kh_printf("%s/kvmhost.yaml", host->fixture.path);
}

static void archive_host_open(struct archive_host *host, const char *yaml)
{
	*host = (struct archive_host){0};
	fixture_open_empty(&host->fixture);
	archive_host_configure(host, yaml);
	fixture_put(&host->fixture, "/etc/os-release",
		    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
	fixture_put_mode(&host->fixture, "/usr/bin/apt-get", "", 0755);
	kh_auto(kh_free) char *list =
		kh_printf("deb [trusted=yes] file:%s/archive bookworm main\n", host->fixture.path);
	fixture_put(&host->fixture, "/etc/apt/sources.list", list);
	kh_facts_collect(&host->fixture.root, &host->facts);
	host->sink = (struct kh_sink){archive_note, host};
	host->making = (struct kh_making){.root = &host->fixture.root,
					  .config = &host->config,
					  .facts = &host->facts,
					  .runner = &kh_run_system,
					  .sink = &host->sink,
					  .stage = "fetch"};
	host->context = (struct kh_context){
		.config = &host->config, .facts = &host->facts, .root = &host->fixture.root};
}

static void archive_host_close(struct archive_host *host)
{
	kh_strv_done(&host->warnings);
	kh_str_done(&host->stanzas);
	kh_facts_done(&host->facts);
	kh_config_done(&host->config);
	fixture_close(&host->fixture);
}

/* DIRECTORY below the fixture becomes the archive FILE, with DIRECTORY's last part as its top. */
static void archive_pack(struct archive_host *host, const char *from, const char *top,
			 const char *file, char ret_digest[KH_DIGEST_SIZE], size_t *ret_size)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *parent = kh_printf("%s%s", host->fixture.path, from);
	kh_auto(kh_free) char *host_file = kh_printf("%s%s", host->fixture.path, file);
	kh_auto(kh_free) char *bytes = NULL;
	const char *const argv[] = {"tar", "-cJf", host_file, "-C", parent, top, NULL};
	if (kh_run(&kh_run_system, argv, 20, NULL, &err) != 0 ||
	    kh_root_read(&host->fixture.root, file, &bytes, ret_size, &err) != 0)
		fail_msg("%s", err.message);
	kh_digest_bytes(bytes, *ret_size, ret_digest);
}

/* A source package "linux": Makefile says VERSION, one patch makes "old" of its last line "new". */
static void archive_host_add(struct archive_host *host, const char *version)
{
	char orig_digest[KH_DIGEST_SIZE], debian_digest[KH_DIGEST_SIZE], dsc_digest[KH_DIGEST_SIZE];
	size_t orig_size = 0, debian_size = 0;
	kh_auto(kh_free) char *upstream = kh_debversion_upstream(version);
	kh_auto(kh_free) char *orig = kh_printf("/archive/pool/linux_%s.orig.tar.xz", upstream);
	kh_auto(kh_free) char *debian = kh_printf("/archive/pool/linux_%s.debian.tar.xz", version);
	kh_auto(kh_free) char *dsc = kh_printf("/archive/pool/linux_%s.dsc", version);
	kh_auto(kh_free) char *makefile = kh_printf("VERSION = %s\nold\n", upstream);
	kh_auto(kh_free) char *patch = kh_printf("--- a/Makefile\n+++ b/Makefile\n@@ -1,2 +1,2 @@\n"
						 " VERSION = %s\n-old\n+new\n",
						 upstream);
	fixture_put(&host->fixture, "/archive/pool/README", "");
	fixture_put(&host->fixture, "/made/linux/Makefile", makefile);
	fixture_put(&host->fixture, "/made/debian/patches/series", "# all\nall/new.patch # why\n");
	fixture_put(&host->fixture, "/made/debian/patches/all/new.patch", patch);
	fixture_put(&host->fixture, "/made/debian/control", "Source: linux\n");
	archive_pack(host, "/made", "linux", orig, orig_digest, &orig_size);
	archive_pack(host, "/made", "debian", debian, debian_digest, &debian_size);
	fixture_put(&host->fixture, dsc, "Source: linux\n");
	kh_digest_bytes("Source: linux\n", 14, dsc_digest);
	kh_str_addf(&host->stanzas,
		    "Package: linux\nFormat: 3.0 (quilt)\nBinary: linux-doc\nVersion: %s\n"
		    "Directory: pool\nFiles:\n"
		    " d41d8cd98f00b204e9800998ecf8427e 14 %s\n"
		    " d41d8cd98f00b204e9800998ecf8427e %zu %s\n"
		    " d41d8cd98f00b204e9800998ecf8427e %zu %s\n"
		    "Checksums-Sha256:\n %s 14 %s\n %s %zu %s\n %s %zu %s\n\n",
		    version, strrchr(dsc, '/') + 1, orig_size, strrchr(orig, '/') + 1, debian_size,
		    strrchr(debian, '/') + 1, dsc_digest, strrchr(dsc, '/') + 1, orig_digest,
		    orig_size, strrchr(orig, '/') + 1, debian_digest, debian_size,
		    strrchr(debian, '/') + 1);
}

static void archive_host_index_of(struct archive_host *host, const char *origin)
{
	static const char sources[] = "/archive/dists/bookworm/main/source/Sources";
	char digest[KH_DIGEST_SIZE];
	const char *text = kh_str_text(&host->stanzas);
	fixture_put(&host->fixture, sources, text);
	kh_digest_bytes(text, strlen(text), digest);
	kh_auto(kh_free) char *release =
		kh_printf("Origin: %s\nSuite: bookworm\nCodename: bookworm\nComponents: main\n"
			  "Date: Sat, 21 Nov 2026 07:00:00 UTC\nSHA256:\n %s %zu "
			  "main/source/Sources\n",
			  origin, digest, strlen(text));
	fixture_put(&host->fixture, "/archive/dists/bookworm/Release", release);
	fixture_remove(&host->fixture, "/store/apt");
}

static void archive_host_index(struct archive_host *host)
{
	archive_host_index_of(host, "Debian");
}

static bool archive_host_can(void)
{
	return access("/usr/bin/apt-get", X_OK) == 0 && access("/usr/bin/patch", X_OK) == 0;
}

/* Make it; the message ("" when all went well) is owned by the caller. */
static char *archive_host_make(struct archive_host *host, bool is_update)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	json_t *what = json_pack("{s:s, s:b}", "program", "kernel", "update", is_update);
	int result = kh_source_maker.make(&host->making, what, &err);
	json_decref(what);
	assert_int_equal(result, err.message ? -1 : 0);
	return kh_strdup(err.message ? err.message : "");
}

#endif
