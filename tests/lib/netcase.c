/* netcase.c - see netcase.h. */
#include "tests/lib/netcase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"

void netcase_open(struct netcase *netcase, const char *name)
{
	*netcase = (struct netcase){.err = KH_ERROR_INIT};
	if (name)
		fixture_open(&netcase->fixture, name);
	else
		fixture_open_empty(&netcase->fixture);
	netcase->config = (struct kh_config_bridge){
		.name = kh_strdup("br0"), .port = kh_strdup("auto"), .confirm_timeout_s = 120};
}

static void forget(struct netcase *netcase)
{
	kh_facts_net_done(&netcase->facts);
	kh_dhcp_identity_done(&netcase->dhcp);
	kh_net_answer_done(&netcase->answer);
	kh_error_done(&netcase->err);
}

void netcase_close(struct netcase *netcase)
{
	forget(netcase);
	kh_free(&netcase->config.name);
	kh_free(&netcase->config.port);
	kh_strv_done(&netcase->config.addresses);
	kh_strv_done(&netcase->config.gateways);
	kh_strv_done(&netcase->config.dns);
	fixture_close(&netcase->fixture);
}

void netcase_static(struct netcase *netcase, const char *address, const char *gateway,
		    const char *dns)
{
	netcase->config.address_mode = KH_ADDRESS_STATIC;
	kh_strv_add(&netcase->config.addresses, address);
	if (gateway)
		kh_strv_add(&netcase->config.gateways, gateway);
	if (dns)
		kh_strv_add(&netcase->config.dns, dns);
}

static void put(struct netcase *netcase, const char *link, const char *attribute, const char *value)
{
	kh_auto(kh_free) char *path = kh_printf("/sys/class/net/%s/%s", link, attribute);
	kh_auto(kh_free) char *text = kh_printf("%s\n", value);
	fixture_put(&netcase->fixture, path, text);
}

void netcase_link(struct netcase *netcase, const char *name, const char *mac, bool is_default)
{
	put(netcase, name, "address", mac);
	put(netcase, name, "type", "1");
	put(netcase, name, "ifindex", is_default ? "2" : "3");
	put(netcase, name, "mtu", "1500");
	put(netcase, name, "operstate", "up");
	put(netcase, name, "device/vendor", "0x8086");
	if (!is_default)
		return;
	kh_auto(kh_free) char *route =
		kh_printf("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
			  "%s\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n"
			  "%s\t000200C0\t00000000\t0001\t0\t0\t0\t80FFFFFF\n",
			  name, name);
	fixture_put(&netcase->fixture, "/proc/net/route", route);
}

void netcase_ask(struct netcase *netcase, const char *port)
{
	const struct kh_root *root = &netcase->fixture.root;
	forget(netcase);
	kh_facts_net_collect(root, &netcase->facts);
	const struct kh_facts_link *link =
		kh_facts_net_link(&netcase->facts, port ? port : netcase->facts.default_link);
	assert_non_null(link);
	netcase->manager = kh_facts_net_manager(root, link->name);
	const struct kh_net_backend *backend = kh_net_backend_find(netcase->manager);
	assert_non_null(backend);
	kh_net_view_init(&netcase->view, root, NULL);
	kh_dhcp_identity_read(root, link->name, link->ifindex, &netcase->dhcp);
	const struct kh_net_wish wish = {&netcase->view, &netcase->facts, &netcase->config, link,
					 &netcase->dhcp};
	netcase->result = backend->plan(&wish, &netcase->answer, &netcase->err);
}

void netcase_apply(struct netcase *netcase)
{
	for (size_t i = 0; i < netcase->answer.edit_count; i++) {
		const struct kh_net_edit *edit = &netcase->answer.edits[i];
		if (edit->content)
			fixture_put(&netcase->fixture, edit->path, edit->content);
		else
			fixture_remove(&netcase->fixture, edit->path);
	}
}

const char *netcase_text(const struct netcase *netcase, const char *path)
{
	for (size_t i = 0; i < netcase->answer.edit_count; i++)
		if (strcmp(netcase->answer.edits[i].path, path) == 0)
			return netcase->answer.edits[i].content;
	return NULL;
}

char *netcase_dump(const struct netcase *netcase)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_addf(&out, "# %s\n", kh_net_manager_name(netcase->manager));
	if (netcase->result != 0)
		kh_str_addf(&out, "refused: %s\nhint: %s\n", netcase->err.message,
			    netcase->err.hint ? netcase->err.hint : "-");
	if (netcase->answer.carrier)
		kh_str_addf(&out, "carried by %s\n", netcase->answer.carrier);
	for (size_t i = 0; i < netcase->answer.edit_count; i++) {
		const struct kh_net_edit *edit = &netcase->answer.edits[i];
		kh_str_addf(&out, "==== %s %03o%s\n%s", edit->path, edit->mode,
			    edit->content ? "" : " removed", edit->content ? edit->content : "");
		if (edit->content && !kh_str_ends(edit->content, "\n"))
			kh_str_add(&out, "\\ no newline\n");
	}
	for (size_t i = 0; i < netcase->answer.notes.count; i++)
		kh_str_addf(&out, "note: %s\n", netcase->answer.notes.items[i]);
	kh_str_addf(&out, "%s\n", netcase->answer.is_dynamic ? "dynamic" : "static");
	return kh_str_take(&out);
}

static char *read_golden(const char *path)
{
	kh_auto(kh_fclose) FILE *file = fopen(path, "re");
	kh_auto(kh_str_done) struct kh_str text = {0};
	char block[4096];
	size_t got = 0;
	while (file && (got = fread(block, 1, sizeof(block), file)) > 0)
		kh_str_add_bytes(&text, block, got);
	return kh_str_take(&text);
}

void netcase_golden(const struct netcase *netcase, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("tests/golden/net/%s.txt", name);
	kh_auto(kh_free) char *now = netcase_dump(netcase);
	if (getenv("KH_UPDATE_GOLDEN")) {
		kh_auto(kh_fclose) FILE *file = fopen(path, "we");
		assert_non_null(file);
		fputs(now, file);
		return;
	}
	kh_auto(kh_free) char *golden = read_golden(path);
	assert_string_equal(now, golden);
}
