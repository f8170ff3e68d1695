// The services that we call (their API models' metadata: endpointPrefix, signingName, targetPrefix, apiVersion).
#pragma once

#include "aws/client.hpp"

namespace twinshift::aws {

inline constexpr Service kSqs{"SQS", "SQS", "sqs", "sqs", "AmazonSQS", Protocol::json_1_0};
inline constexpr Service kRedshiftData{"Redshift Data API", "REDSHIFT_DATA", "redshift-data",
                                       "redshift-data",     "RedshiftData",  Protocol::json_1_1};
inline constexpr Service kRedshift{"Redshift", "REDSHIFT", "redshift", "redshift", "2012-12-01", Protocol::query};
inline constexpr Service kRedshiftServerless{"Redshift Serverless", "REDSHIFT_SERVERLESS", "redshift-serverless",
                                             "redshift-serverless", "RedshiftServerless",  Protocol::json_1_1};
inline constexpr Service kSts{"STS", "STS", "sts", "sts", "2011-06-15", Protocol::query};

}  // namespace twinshift::aws
