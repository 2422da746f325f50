"""Kinds that have nothing of their own to judge but a place, tags, and perhaps a secret.

They name, join or route what is judged where it stands, or are settings that no rule is about. A kind
that is neither here nor in a cloud's table is reported as not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.facts import Cloud


def _kinds(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN: Mapping[Cloud, frozenset[str]] = {
    "aws": _kinds(
        """
        account:alternativecontact acm:certificate acmpca:certificate acmpca:certificateauthority
        acmpca:certificateauthoritycertificate acmpca:permission cfg:conformancepack cloudwatch:eventtarget
        cloudwatch:logmetricfilter ebs:defaultkmskey ec2:instancemetadatadefaults
        ec2:routetableassociation ec2:serialconsoleaccess ec2:vpcblockpublicaccessoptions
        ec2transitgateway:route ec2transitgateway:routetable ec2transitgateway:routetableassociation
        ec2transitgateway:routetablepropagation ecr:lifecyclepolicy ecs:cluster efs:mounttarget
        iam:instanceprofile kms:alias lb:targetgroupattachment networkfirewall:firewallpolicy
        networkfirewall:rulegroup rds:optiongroup rds:subnetgroup route53:record route53:resolverrule
        route53:resolverruleassociation scheduler:schedulegroup ssm:association ssm:document
        ssm:maintenancewindowtask ssm:patchgroup
        """
    ),
    "azure": _kinds(
        """
        app:managedenvironment app:managedenvironmentsstorage authorization:policyassignment
        authorization:policysetdefinition compute:diskencryptionset compute:virtualmachineextension
        dbformysql:azureadadministrator dbformysql:database dbforpostgresql:administrator
        dbforpostgresql:database dnsresolver:dnsforwardingruleset dnsresolver:dnsresolver
        dnsresolver:forwardingrule dnsresolver:inboundendpoint dnsresolver:outboundendpoint
        dnsresolver:privateresolvervirtualnetworklink maintenance:configurationassignmentsforresourcegroup
        managedidentity:userassignedidentity monitor:actiongroup monitor:datacollectionendpoint
        monitor:datacollectionrule monitor:datacollectionruleassociation monitor:privatelinkscope
        monitor:privatelinkscopedresource monitor:scheduledqueryrule network:hubvirtualnetworkconnection
        network:privatednszonegroup network:virtualnetworkgatewayconnection privatedns:privaterecordset
        privatedns:virtualnetworklink resources:resourcegroup security:securitycontact
        storage:fileserviceproperties storage:fileshare storage:queue
        """
    ),
    "google": _kinds(
        """
        alloydb:instance certificateauthority:authority certificateauthority:capool
        certificatemanager:certificate certificatemanager:certificateissuanceconfig cloudasset:projectfeed
        compute:instancegroup compute:networkfirewallpolicyassociation compute:regionhealthcheck
        compute:regionnetworkendpointgroup compute:regionsecuritypolicy compute:regionurlmap
        compute:routerinterface compute:routerpeer compute:routerroutepolicy dns:policy dns:recordset
        essentialcontacts:contact kms:keyring monitoring:notificationchannel
        networkconnectivity:serviceconnectionpolicy networkconnectivity:spoke
        networksecurity:gatewaysecuritypolicy networksecurity:gatewaysecuritypolicyrule
        networkservices:gateway orgpolicy:policy osconfig:ospolicyassignment
        projects:defaultserviceaccounts projects:iamcustomrole projects:service projects:serviceidentity
        pubsub:subscription securitycenter:managementprojectsecurityhealthanalyticscustommodule
        serviceaccount:account sql:database storage:managedfolder
        """
    ),
    "oci": _kinds(
        """
        announcementsservice:announcementsubscription certificatesmanagement:certificate
        certificatesmanagement:certificateauthority cloudguard:securityrecipe cloudguard:securityzone
        core:capturefilter core:drg core:drgattachment core:drgattachmentmanagement
        core:drgroutedistribution core:drgroutedistributionstatement core:drgroutetable
        core:drgroutetablerouterule core:networksecuritygroup core:routetableattachment core:servicegateway
        core:volumebackuppolicyassignment dns:resolver dns:resolverendpoint dns:rrset dns:view events:rule
        filestorage:export filestorage:filesystemsnapshotpolicy filestorage:mounttarget
        filestorage:replication identity:compartment identity:dynamicgroup identity:tag
        identity:tagdefault identity:tagnamespace kms:vault limits:quota loadbalancer:backend
        loadbalancer:backendset logging:loggroup networkfirewall:networkfirewall
        networkfirewall:networkfirewallpolicy networkfirewall:networkfirewallpolicyaddresslist
        networkfirewall:networkfirewallpolicysecurityrule networkfirewall:networkfirewallpolicyservice
        networkfirewall:networkfirewallpolicyservicelist networkfirewall:networkfirewallpolicyurllist
        networkloadbalancer:backend networkloadbalancer:backendset networkloadbalancer:listener
        objectstorage:privateendpoint osmanagementhub:managedinstancegroup osmanagementhub:profile
        vulnerabilityscanning:hostscanrecipe vulnerabilityscanning:hostscantarget
        """
    ),
    "sakura": _kinds(
        """
        compute:autobackup compute:script database:databasereadreplica iam:group iam:serviceprincipal
        messaging:simplemqqueue monitoring:alertproject monitoring:alertrouting monitoring:alertrule
        monitoring:alerttarget monitoring:logrouting monitoring:metricrouting monitoring:metricstorage
        monitoring:notificationdestination monitoring:notificationgroup monitoring:notificationrouting
        monitoring:simplemonitor network:bridge network:localrouter network:serviceendpointgateway
        objectstorage:bucketreplication objectstorage:permission security:securitycontrolaction
        security:securitycontrolactivation security:securitycontrolrule
        """
    ),
}
"""By cloud, `module:class` in lower case (policies.extract.identify)."""
