from __future__ import annotations
from providers.twin.behaviour import Behaviour, Answer
from providers.twin.aws.words import *
TABLE = {
  "ec2.Vpc": Behaviour(id="vpc-{hex17}", arn="arn:{partition}:ec2:{region}:{unit}:vpc/{id}", api="ec2:CreateVpc", autoname="", fixed=frozenset({"cidrBlock"}), missing=not_found("InvalidVpcID.NotFound","vpc ID"), in_use=dependency("vpc")),
  "ec2.Subnet": Behaviour(id="subnet-{hex17}", arn="arn:{partition}:ec2:{region}:{unit}:subnet/{id}", api="ec2:CreateSubnet", autoname="", fixed=frozenset({"vpcId","cidrBlock"}), refs=(hold("vpcId","ec2.Vpc"),)),
}
