// Command conformance drives our twin with the official client of さくらのクラウド: create, read, power, settings, delete
// of the kinds that a tenant is made of. It prints a line for each kind and ends with exit code 1 at the first
// answer that the official client cannot live with.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	iaas "github.com/sacloud/iaas-api-go"
	"github.com/sacloud/iaas-api-go/helper/query"
	"github.com/sacloud/iaas-api-go/ostype"
	"github.com/sacloud/iaas-api-go/types"
)

const zone = "is1a"

var (
	ctx    = context.Background()
	caller iaas.APICaller
)

func main() {
	iaas.SakuraCloudAPIRoot = os.Getenv("SAKURA_API_ROOT_URL")
	caller = iaas.NewClient(os.Getenv("SAKURA_ACCESS_TOKEN"), os.Getenv("SAKURA_ACCESS_TOKEN_SECRET"))
	inner := newSwitch()
	for _, step := range []struct {
		kind string
		run  func(*iaas.Switch)
	}{
		{"packet filter", packetFilter}, {"server and disk", server}, {"router", router}, {"VPC router", vpcRouter},
		{"database", database}, {"load balancer", loadBalancer}, {"NFS", nfs}, {"DNS", dns},
	} {
		step.run(inner)
		fmt.Println("ok", step.kind)
	}
	try("switch: delete", iaas.NewSwitchOp(caller).Delete(ctx, zone, inner.ID))
	_, err := iaas.NewSwitchOp(caller).Read(ctx, zone, inner.ID)
	check("switch: gone", iaas.IsNotFoundError(err))
	fmt.Println("ok switch")
}

func try(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) func(string) T {
	return func(what string) T {
		try(what, err)
		return value
	}
}

func check(what string, right bool) {
	if !right {
		try(what, errors.New("not as it must be"))
	}
}

// until looks until look says yes, for at most a minute.
func until(what string, look func() (bool, error)) {
	end := time.Now().Add(time.Minute)
	for time.Now().Before(end) {
		done, err := look()
		if err != nil && !iaas.IsNotFoundError(err) {
			try(what, err)
		}
		if done && err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	try(what, errors.New("not within a minute"))
}

func newSwitch() *iaas.Switch {
	op := iaas.NewSwitchOp(caller)
	made := must(op.Create(ctx, zone, &iaas.SwitchCreateRequest{
		Name: "inner", NetworkMaskLen: 24, DefaultRoute: "10.0.0.1", Tags: types.Tags{"a"},
	}))("switch: create")
	read := must(op.Read(ctx, zone, made.ID))("switch: read")
	check("switch: subnet", read.NetworkMaskLen == 24 && read.DefaultRoute == "10.0.0.1" && len(read.Tags) == 1)
	changed := must(op.Update(ctx, zone, made.ID, &iaas.SwitchUpdateRequest{Name: "renamed"}))("switch: update")
	check("switch: name", changed.Name == "renamed")
	found := must(op.Find(ctx, zone, &iaas.FindCondition{Count: 10}))("switch: find")
	check("switch: found", found.Total >= 1)
	return changed
}

func packetFilter(*iaas.Switch) {
	op := iaas.NewPacketFilterOp(caller)
	rule := &iaas.PacketFilterExpression{Protocol: types.Protocols.TCP, SourceNetwork: "10.0.0.0/8", DestinationPort: "443", Action: types.Actions.Allow}
	made := must(op.Create(ctx, zone, &iaas.PacketFilterCreateRequest{Name: "filter", Expression: []*iaas.PacketFilterExpression{rule}}))("packet filter: create")
	change := &iaas.PacketFilterUpdateRequest{Name: "filter", Expression: []*iaas.PacketFilterExpression{rule, {Protocol: types.Protocols.IP, Action: types.Actions.Deny}}}
	changed := must(op.Update(ctx, zone, made.ID, change, made.ExpressionHash))("packet filter: update")
	check("packet filter: rules", len(changed.Expression) == 2 && changed.ExpressionHash != made.ExpressionHash)
	_, err := op.Update(ctx, zone, made.ID, change, made.ExpressionHash)
	check("packet filter: an old hash is refused", code(err) == 409)
	try("packet filter: delete", op.Delete(ctx, zone, made.ID))
}

func code(err error) int {
	var api iaas.APIError
	if errors.As(err, &api) {
		return api.ResponseCode()
	}
	return 0
}

func server(inner *iaas.Switch) {
	servers, disks := iaas.NewServerOp(caller), iaas.NewDiskOp(caller)
	archive := must(query.FindArchiveByOSType(ctx, iaas.NewArchiveOp(caller), zone, ostype.AlmaLinux))("archive: find")
	plan := must(query.FindServerPlan(ctx, iaas.NewServerPlanOp(caller), zone, &query.FindServerPlanRequest{CPU: 2, MemoryGB: 4}))("plan: find")
	check("plan: size", plan.CPU == 2)
	disk := must(disks.Create(ctx, zone, &iaas.DiskCreateRequest{
		Name: "disk", DiskPlanID: types.DiskPlans.SSD, Connection: types.DiskConnections.VirtIO, SourceArchiveID: archive.ID, SizeMB: 20 * 1024,
		EncryptionAlgorithm: types.DiskEncryptionAlgorithms.AES256XTS,
	}, nil, types.ID(0)))("disk: create")
	check("disk: is being copied", disk.Availability.IsMigrating())
	until("disk: copied", func() (bool, error) {
		read, err := disks.Read(ctx, zone, disk.ID)
		return err == nil && read.Availability.IsAvailable(), err
	})
	made := must(servers.Create(ctx, zone, &iaas.ServerCreateRequest{
		Name: "server", CPU: 2, MemoryMB: 4096, Commitment: types.Commitments.Standard, Generation: types.PlanGenerations.Default, InterfaceDriver: types.InterfaceDrivers.VirtIO,
		ConnectedSwitches: []*iaas.ConnectedSwitch{{Scope: types.Scopes.Shared}, {ID: inner.ID}, nil},
	}))("server: create")
	check("server: interfaces", len(made.Interfaces) == 3)
	try("disk: connect", disks.ConnectToServer(ctx, zone, disk.ID, made.ID))
	try("disk: config", disks.Config(ctx, zone, disk.ID, &iaas.DiskEditRequest{HostName: "server", Password: "long-enough-password"}))
	power := func(want func(types.EServerInstanceStatus) bool) func() (bool, error) {
		return func() (bool, error) {
			read, err := servers.Read(ctx, zone, made.ID)
			return err == nil && want(read.InstanceStatus), err
		}
	}
	try("server: boot", servers.Boot(ctx, zone, made.ID))
	until("server: up", power(types.EServerInstanceStatus.IsUp))
	check("server: cannot be deleted while it is up", code(servers.Delete(ctx, zone, made.ID)) == 409)
	try("server: shutdown", servers.Shutdown(ctx, zone, made.ID, &iaas.ShutdownOption{Force: true}))
	until("server: down", power(types.EServerInstanceStatus.IsDown))
	changed := must(servers.ChangePlan(ctx, zone, made.ID, &iaas.ServerChangePlanRequest{CPU: 1, MemoryMB: 1024, Commitment: types.Commitments.Standard}))("server: plan")
	check("server: a change of plan gives another id", changed.ID != made.ID && len(changed.Disks) == 1)
	try("server: delete with its disk", servers.DeleteWithDisks(ctx, zone, changed.ID, &iaas.ServerDeleteWithDisksRequest{IDs: []types.ID{disk.ID}}))
}

func router(*iaas.Switch) {
	op := iaas.NewInternetOp(caller)
	made := must(op.Create(ctx, zone, &iaas.InternetCreateRequest{Name: "router", NetworkMaskLen: 28, BandWidthMbps: 100}))("router: create")
	until("router: listed", func() (bool, error) {
		_, err := op.Read(ctx, zone, made.ID)
		return err == nil, err
	})
	changed := must(op.UpdateBandWidth(ctx, zone, made.ID, &iaas.InternetUpdateBandWidthRequest{BandWidthMbps: 250}))("router: bandwidth")
	check("router: another id", changed.ID != made.ID && changed.BandWidthMbps == 250)
	subnet := must(op.AddSubnet(ctx, zone, changed.ID, &iaas.InternetAddSubnetRequest{NetworkMaskLen: 28, NextHop: "198.18.0.4"}))("router: subnet")
	check("router: addresses", len(subnet.IPAddresses) == 16)
	try("router: delete subnet", op.DeleteSubnet(ctx, zone, changed.ID, subnet.ID))
	net := must(op.EnableIPv6(ctx, zone, changed.ID))("router: IPv6")
	try("router: no IPv6", op.DisableIPv6(ctx, zone, changed.ID, net.ID))
	try("router: delete", op.Delete(ctx, zone, changed.ID))
}

func vpcRouter(inner *iaas.Switch) {
	op := iaas.NewVPCRouterOp(caller)
	made := must(op.Create(ctx, zone, &iaas.VPCRouterCreateRequest{
		Name: "vpc", PlanID: types.VPCRouterPlans.Standard, Switch: &iaas.ApplianceConnectedSwitch{Scope: types.Scopes.Shared}, Version: 2,
	}))("VPC router: create")
	until("VPC router: copied", func() (bool, error) {
		read, err := op.Read(ctx, zone, made.ID)
		return err == nil && read.Availability.IsAvailable(), err
	})
	try("VPC router: connect", op.ConnectToSwitch(ctx, zone, made.ID, 1, inner.ID))
	read := must(op.Read(ctx, zone, made.ID))("VPC router: read")
	settings := &iaas.VPCRouterSetting{
		InternetConnectionEnabled: types.StringFalse,
		Interfaces:                []*iaas.VPCRouterInterfaceSetting{{Index: 1, IPAddress: []string{"10.0.0.1"}, NetworkMaskLen: 24}},
		Firewall:                  []*iaas.VPCRouterFirewall{{Index: 1, Send: []*iaas.VPCRouterFirewallRule{{Protocol: types.Protocols.IP, Action: types.Actions.Deny}}}},
		StaticRoute:               []*iaas.VPCRouterStaticRoute{{Prefix: "172.16.0.0/16", NextHop: "10.0.0.254"}},
	}
	changed := must(op.UpdateSettings(ctx, zone, made.ID, &iaas.VPCRouterUpdateSettingsRequest{Settings: settings, SettingsHash: read.SettingsHash}))("VPC router: settings")
	check("VPC router: closed", !changed.Settings.InternetConnectionEnabled.Bool() && len(changed.Settings.StaticRoute) == 1)
	_, err := op.UpdateSettings(ctx, zone, made.ID, &iaas.VPCRouterUpdateSettingsRequest{Settings: settings, SettingsHash: read.SettingsHash})
	check("VPC router: an old hash is refused", code(err) == 409)
	try("VPC router: apply", op.Config(ctx, zone, made.ID))
	try("VPC router: boot", op.Boot(ctx, zone, made.ID))
	until("VPC router: up", func() (bool, error) {
		read, err := op.Read(ctx, zone, made.ID)
		return err == nil && read.InstanceStatus.IsUp(), err
	})
	try("VPC router: shutdown", op.Shutdown(ctx, zone, made.ID, &iaas.ShutdownOption{Force: true}))
	until("VPC router: down", func() (bool, error) {
		read, err := op.Read(ctx, zone, made.ID)
		return err == nil && read.InstanceStatus.IsDown(), err
	})
	check("VPC router: the switch is in use", code(iaas.NewSwitchOp(caller).Delete(ctx, zone, inner.ID)) == 409)
	try("VPC router: disconnect", op.DisconnectFromSwitch(ctx, zone, made.ID, 1))
	try("VPC router: delete", op.Delete(ctx, zone, made.ID))
}

// appliance waits until one that starts by itself is up, shuts it down and deletes it.
func appliance(kind string, status func() (types.EServerInstanceStatus, error), down, remove func() error) {
	until(kind+": up by itself", func() (bool, error) {
		now, err := status()
		return err == nil && now.IsUp(), err
	})
	check(kind+": cannot be deleted while it is up", code(remove()) == 409)
	try(kind+": shutdown", down())
	until(kind+": down", func() (bool, error) {
		now, err := status()
		return err == nil && now.IsDown(), err
	})
	try(kind+": delete", remove())
}

var force = &iaas.ShutdownOption{Force: true}

func database(inner *iaas.Switch) {
	op := iaas.NewDatabaseOp(caller)
	common := &iaas.DatabaseSettingCommon{ServicePort: 5432, DefaultUser: "juki", UserPassword: "a-long-password", SourceNetwork: []string{"10.0.0.0/24"}}
	made := must(op.Create(ctx, zone, &iaas.DatabaseCreateRequest{
		Name: "db", PlanID: types.DatabasePlans.DB10GB, SwitchID: inner.ID, IPAddresses: []string{"10.0.0.10"}, NetworkMaskLen: 24, DefaultRoute: "10.0.0.1",
		Conf: &iaas.DatabaseRemarkDBConfCommon{DatabaseName: types.RDBMSTypesPostgreSQL.String()}, CommonSetting: common,
		Disk: &iaas.DatabaseDisk{EncryptionAlgorithm: types.DiskEncryptionAlgorithms.AES256XTS},
	}))("database: create")
	until("database: copied", func() (bool, error) {
		read, err := op.Read(ctx, zone, made.ID)
		return err == nil && read.Availability.IsAvailable(), err
	})
	read := must(op.Read(ctx, zone, made.ID))("database: read")
	check("database: settings", read.CommonSetting.ServicePort == 5432 && read.Conf.DatabaseName == "postgres")
	common.ServicePort = 15432
	changed := must(op.UpdateSettings(ctx, zone, made.ID, &iaas.DatabaseUpdateSettingsRequest{CommonSetting: common, SettingsHash: read.SettingsHash}))("database: settings")
	check("database: port", changed.CommonSetting.ServicePort == 15432)
	try("database: apply", op.Config(ctx, zone, made.ID))
	try("database: parameter", op.SetParameter(ctx, zone, made.ID, map[string]interface{}{"max_connections": 200}))
	must(op.GetParameter(ctx, zone, made.ID))("database: parameters")
	must(op.Status(ctx, zone, made.ID))("database: status")
	appliance("database",
		func() (types.EServerInstanceStatus, error) {
			now, err := op.Read(ctx, zone, made.ID)
			if err != nil {
				return "", err
			}
			return now.InstanceStatus, nil
		},
		func() error { return op.Shutdown(ctx, zone, made.ID, force) }, func() error { return op.Delete(ctx, zone, made.ID) })
}

func loadBalancer(inner *iaas.Switch) {
	op := iaas.NewLoadBalancerOp(caller)
	vip := &iaas.LoadBalancerVirtualIPAddress{
		VirtualIPAddress: "10.0.0.20", Port: 443, DelayLoop: 10,
		Servers: []*iaas.LoadBalancerServer{{IPAddress: "10.0.0.30", Port: 443, Enabled: types.StringTrue, HealthCheck: &iaas.LoadBalancerServerHealthCheck{Protocol: types.LoadBalancerHealthCheckProtocols.Ping}}},
	}
	made := must(op.Create(ctx, zone, &iaas.LoadBalancerCreateRequest{
		Name: "lb", PlanID: types.LoadBalancerPlans.Standard, SwitchID: inner.ID, VRID: 1, IPAddresses: []string{"10.0.0.21"}, NetworkMaskLen: 24, DefaultRoute: "10.0.0.1",
		VirtualIPAddresses: []*iaas.LoadBalancerVirtualIPAddress{vip},
	}))("load balancer: create")
	until("load balancer: copied", func() (bool, error) {
		read, err := op.Read(ctx, zone, made.ID)
		return err == nil && read.Availability.IsAvailable(), err
	})
	read := must(op.Read(ctx, zone, made.ID))("load balancer: read")
	check("load balancer: VIP", len(read.VirtualIPAddresses) == 1 && read.VirtualIPAddresses[0].Port.Int() == 443)
	must(op.UpdateSettings(ctx, zone, made.ID, &iaas.LoadBalancerUpdateSettingsRequest{SettingsHash: read.SettingsHash}))("load balancer: settings")
	try("load balancer: apply", op.Config(ctx, zone, made.ID))
	must(op.Status(ctx, zone, made.ID))("load balancer: status")
	appliance("load balancer",
		func() (types.EServerInstanceStatus, error) {
			now, err := op.Read(ctx, zone, made.ID)
			if err != nil {
				return "", err
			}
			return now.InstanceStatus, nil
		},
		func() error { return op.Shutdown(ctx, zone, made.ID, force) }, func() error { return op.Delete(ctx, zone, made.ID) })
}

func nfs(inner *iaas.Switch) {
	op := iaas.NewNFSOp(caller)
	plan := must(query.FindNFSPlanID(ctx, iaas.NewNoteOp(caller), zone, types.NFSPlans.SSD, types.NFSSSDSizes.Size100GB))("NFS: plan")
	check("NFS: plan", !plan.IsEmpty())
	made := must(op.Create(ctx, zone, &iaas.NFSCreateRequest{
		Name: "nfs", PlanID: plan, SwitchID: inner.ID, IPAddresses: []string{"10.0.0.40"}, NetworkMaskLen: 24, DefaultRoute: "10.0.0.1",
	}))("NFS: create")
	appliance("NFS",
		func() (types.EServerInstanceStatus, error) {
			now, err := op.Read(ctx, zone, made.ID)
			if err != nil {
				return "", err
			}
			return now.InstanceStatus, nil
		},
		func() error { return op.Shutdown(ctx, zone, made.ID, force) }, func() error { return op.Delete(ctx, zone, made.ID) })
}

func dns(*iaas.Switch) {
	op := iaas.NewDNSOp(caller)
	made := must(op.Create(ctx, &iaas.DNSCreateRequest{Name: "conformance.example.jp"}))("DNS: create")
	_, err := op.Create(ctx, &iaas.DNSCreateRequest{Name: "conformance.example.jp"})
	check("DNS: a zone exists once", code(err) == 409)
	changed := must(op.UpdateSettings(ctx, made.ID, &iaas.DNSUpdateSettingsRequest{
		Records: iaas.DNSRecords{iaas.NewDNSRecord(types.DNSRecordTypes.A, "www", "192.0.2.1", 300)}, SettingsHash: made.SettingsHash,
	}))("DNS: settings")
	check("DNS: record", len(changed.Records) == 1 && len(changed.DNSNameServers) == 2)
	try("DNS: delete", op.Delete(ctx, made.ID))
}
